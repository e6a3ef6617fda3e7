/// The page's Mustache templates, as constants: one binary needs no resources beside it.
///
/// Every value is an `HTML`, so every `{{{…}}}` is safe; `{{…}}` is not used (see `HTML`).
enum PageTemplate {
    static let page = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <meta name="generator" content="tollgate">
        <title>{{{title}}}</title>
        <style>{{{style}}}</style>
        </head>
        <body>
        <main>
        <header>
        <p class="kicker">{{{title}}}</p>
        {{#verdict}}
        <h1 class="{{{tone}}}">{{{verdict}}}</h1>
        {{/verdict}}
        <p class="sub">{{{subtitle}}}</p>
        {{#hasNav}}
        <nav aria-label="Contents">{{#nav}}<a href="#{{{id}}}">{{{name}}}</a>{{/nav}}</nav>
        {{/hasNav}}
        </header>
        {{{blocks}}}
        <footer>
        {{#footer}}
        <p>{{{.}}}</p>
        {{/footer}}
        </footer>
        </main>
        </body>
        </html>

        """

    static let section = """
        <section id="{{{id}}}" aria-labelledby="{{{id}}}-h">
        <h2 id="{{{id}}}-h">{{{title}}}</h2>
        {{#lead}}
        <p class="lead">{{{lead}}}</p>
        {{/lead}}
        {{{blocks}}}
        </section>

        """

    static let tiles = """
        <dl class="tiles">
        {{#tiles}}
        <div class="{{{tone}}}"><dt>{{{label}}}</dt><dd><strong>{{{value}}}</strong><span>{{{note}}}</span></dd></div>
        {{/tiles}}
        </dl>

        """

    static let table = """
        <figure class="tb">
        {{#caption}}
        <figcaption>{{{caption}}}{{{query}}}</figcaption>
        {{/caption}}
        {{#isEmpty}}
        <p class="none">{{{empty}}}</p>
        {{/isEmpty}}
        {{^isEmpty}}
        <div class="scroll" tabindex="0"><table><thead><tr>{{{head}}}</tr></thead><tbody>
        {{#rows}}
        <tr>{{{.}}}</tr>
        {{/rows}}
        </tbody></table></div>
        {{/isEmpty}}
        {{#more}}
        <p class="more">{{{more}}}</p>
        {{/more}}
        </figure>

        """

    static let chart = """
        <figure>
        <div class="scroll" tabindex="0">{{{drawing}}}</div>
        <figcaption class="alt">{{{legend}}}{{{alternative}}}{{{query}}}</figcaption>
        </figure>

        """

    static let card = """
        <article class="card {{{tone}}}">
        <h3>{{{title}}} <span class="badge {{{tone}}}">{{{badge}}}</span></h3>
        <dl class="facts{{{wide}}}">{{#facts}}<div><dt>{{{label}}}</dt><dd>{{{value}}}</dd></div>{{/facts}}</dl>
        {{{blocks}}}
        </article>

        """
}
