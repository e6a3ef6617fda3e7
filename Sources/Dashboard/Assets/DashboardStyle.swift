/// What the dashboard's pages add to the reports' style; contrast of at least 4.5 to 1, light and dark.
enum DashboardStyle {
    static let css = """

        body{min-height:100vh}
        main{max-width:1200px;padding:20px 28px 48px}
        main:focus{outline:none}
        .skip{position:absolute;left:-999px}
        .skip:focus{left:8px;top:8px;background:var(--bg);padding:6px 10px;z-index:2}
        .hide{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
        .top{display:flex;flex-wrap:wrap;align-items:center;gap:6px 22px;padding:10px 28px;border-bottom:1px solid var(--line);\
        background:var(--soft)}
        .top nav{margin:0;padding:0;border:0;flex:1;gap:2px 4px}
        .top nav a{padding:5px 10px;border-radius:5px;color:var(--fg);font-size:.933rem}
        .top nav a:hover{background:var(--line);text-decoration:none}
        .top nav a[aria-current]{background:var(--link);color:var(--bg);font-weight:600}
        .brand{font-weight:700;color:var(--fg);text-decoration:none;letter-spacing:-.01em}
        .foot{margin:0;padding:12px 28px;border-top:1px solid var(--line);color:var(--mut);font-size:.867rem}
        .title{display:flex;flex-wrap:wrap;align-items:baseline;justify-content:space-between;gap:4px 24px}
        .title h1{margin:4px 0 2px;overflow-wrap:anywhere}
        .span{margin:0;padding:0;border:0;gap:2px 4px}
        .span a{padding:3px 9px;border-radius:5px}
        .span a[aria-current]{background:var(--soft);font-weight:600;color:var(--fg)}
        .verdict{font-size:1.067rem;margin-top:14px;max-width:52em}
        section{margin-top:28px}
        section:first-child{margin-top:10px}
        .quiet{color:var(--mut)}
        p,li,dd,figcaption,.card h2{overflow-wrap:anywhere}
        .good{color:var(--ok)}
        .notice{border:1px solid var(--line);border-left:4px solid var(--mut);border-radius:5px;padding:10px 14px;margin-top:14px}
        .notice.bad{border-left-color:var(--bad)}
        .notice.warn{border-left-color:var(--warn)}
        .notice.good{border-left-color:var(--ok)}
        .hint{color:var(--mut);font-size:.9rem;margin:2px 0 8px;max-width:46em}
        button,.button{font:inherit;color:var(--fg);background:var(--soft);border:1px solid var(--mut);border-radius:5px;\
        padding:4px 12px;cursor:pointer}
        button:hover{border-color:var(--fg)}
        button.main{background:var(--link);border-color:var(--link);color:var(--bg);font-weight:600}
        button.danger{background:var(--bad);border-color:var(--bad);color:var(--bg);font-weight:600}
        button.quiet{background:none;border-color:transparent;color:var(--mut)}
        button[aria-pressed=true]{background:var(--fg);color:var(--bg)}
        button:focus-visible,a:focus-visible,input:focus-visible,select:focus-visible,textarea:focus-visible,summary:focus-visible{\
        outline:2px solid var(--link);outline-offset:2px}
        input,select,textarea{font:inherit;color:var(--fg);background:var(--bg);border:1px solid var(--mut);border-radius:5px;\
        padding:4px 8px;max-width:100%}
        textarea{width:100%;font:.88rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
        .stack{display:grid;gap:4px;max-width:430px;justify-items:start;margin-top:12px}
        .stack h3{margin:0}
        .stack input[type=text],.stack input:not([type]),.stack input[type=password]{width:100%}
        .stack button{margin-top:8px}
        .actions{display:flex;flex-wrap:wrap;gap:12px 48px;margin-top:16px;border-top:1px solid var(--line);padding-top:6px}
        .bar{display:flex;flex-wrap:wrap;gap:8px 14px;align-items:center;margin:12px 0}
        .check{display:inline-flex;gap:6px;align-items:center}
        .live{font-size:.867rem;width:100%}
        .live td{padding-top:3px;padding-bottom:3px}
        .live .tm{font-variant-numeric:tabular-nums;color:var(--mut)}
        tr.bad .dc,tr.bad td[colspan]{color:var(--bad);font-weight:600}
        tr.warn .dc,tr.warn td[colspan]{color:var(--warn);font-weight:600}
        tr.good td[colspan]{color:var(--ok)}
        tr.alarm td{background:var(--bad);color:var(--bg);font-weight:600}
        tr.quiet td{color:var(--mut)}
        td.wide{white-space:normal;min-width:18em}
        .live tr.alarm td a,.live tr.alarm .tm{color:var(--bg)}
        .dc a{color:inherit}
        .tiles b{font-weight:400}
        .pulse svg.ch{min-width:0}
        dl.rows{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:4px 18px;margin:12px 0 0}
        dl.rows dt{color:var(--mut)}
        dl.rows dd{margin:0;overflow-wrap:anywhere}
        .tag{display:inline-block;font-size:.8rem;line-height:1.5;padding:0 7px;border:1px solid currentColor;border-radius:9px;\
        white-space:nowrap;font-weight:500}
        .tag.plain{color:var(--mut)}
        .tag.warn,span.warn{color:var(--warn)}
        .tag.bad,span.bad{color:var(--bad)}
        .card .ask{font-size:1.067rem;margin:2px 0 10px}
        .card h3{font-size:1.133rem}
        .card .decide{margin-top:14px;display:grid;gap:4px;max-width:620px}
        .card .decide .bar{margin:8px 0 0}
        .facts.policy{margin-top:10px}
        .tabs{margin-top:18px;border-bottom:1px solid var(--line);padding-bottom:6px}
        .tabs a[aria-current]{background:var(--link);color:var(--bg)}
        .editor label[for=text],.editor label[for=rules]{display:block;font-weight:600;margin-top:14px}
        .bar .hint{margin:0}
        .bar.end{position:sticky;bottom:0;background:var(--bg);border-top:1px solid var(--line);padding:10px 0;margin:0}
        .choice{width:100%}
        .policies tbody th{font-size:inherit;color:inherit;font-weight:600;border-bottom:1px solid var(--line);\
        padding:6px 18px 6px 0;vertical-align:top}
        .choice tbody th{font-size:inherit;color:inherit;border-bottom:1px solid var(--line);padding:7px 18px 7px 0;\
        font-weight:600;vertical-align:top}
        .choice .sub{display:block;font-weight:400;font-size:.833rem;color:var(--mut)}
        .choice td{padding-top:7px;padding-bottom:7px}
        .states{border:0;margin:0;padding:0;display:flex;gap:4px}
        .states label{display:inline-flex;align-items:center;gap:4px;padding:1px 9px 1px 6px;border:1px solid var(--line);\
        border-radius:5px;cursor:pointer}
        .states input{margin:0;accent-color:var(--link)}
        .states label:has(:checked){border-color:var(--fg);background:var(--soft);font-weight:600}
        .states .s-allow:has(:checked){color:var(--ok)}
        .states .s-deny:has(:checked),.states .s-hide:has(:checked){color:var(--bad)}
        .states .s-custom:has(:checked){color:var(--warn)}
        .states label:has(:disabled){color:var(--mut);border-style:dashed;cursor:not-allowed}
        .states label:has(:focus-visible){outline:2px solid var(--link);outline-offset:2px}
        button.link{border:0;background:none;padding:0;color:var(--link);text-decoration:underline}
        .choice details{display:inline-block;max-width:22em;white-space:normal;margin-left:12px;vertical-align:top}
        .choice details[open]{display:block;margin:6px 0 0}
        .problems{width:auto;margin-top:12px}
        .problems tbody th{font-weight:400}
        .notice+.warn{margin-top:14px}
        section h3{margin:22px 0 4px}
        .choice details pre{white-space:pre-wrap;margin:6px 0}
        summary{cursor:pointer;color:var(--link)}
        pre.diff{background:var(--soft);border:1px solid var(--line);border-radius:5px;padding:8px 10px;overflow-x:auto;\
        font:.867rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
        .diff ins{color:var(--ok);text-decoration:none;font-weight:600}
        .diff del{color:var(--bad);text-decoration:none;font-weight:600}
        .changes{font-weight:600}
        .changes+.diff{margin-top:12px}
        @media(max-width:640px){.top,.foot{padding-left:16px;padding-right:16px}main{padding:12px 16px 32px}\
        .live thead{display:none}.live tr{display:block;border-bottom:1px solid var(--line);padding:5px 0}\
        .live td{display:inline;border:0;padding:0 8px 0 0;white-space:normal}\
        .choice thead{display:none}.choice,.choice tbody,.choice tr,.choice tbody th,.choice td{display:block;width:auto}\
        .choice tr{border-bottom:1px solid var(--line);padding:10px 0}\
        .choice tbody th,.choice td,.choice td.num{border:0;padding:2px 0;text-align:left;white-space:normal}\
        .states{flex-wrap:wrap}\
        .choice td[data-name]::before{content:attr(data-name) ": ";color:var(--mut)}\
        .choice td[data-name=calls],.choice td[data-name=stopped],.choice td[data-name=class],\
        .choice td[data-name=line]{display:inline-block;\
        margin-right:14px}}
        @media print{.top,.foot,.bar,.actions,form{display:none}}
        """
}
