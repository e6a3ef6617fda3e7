/// The page's style sheet.
///
/// Every text keeps a contrast of at least 4.5 to 1 on its ground, light and dark. On paper a section's heading takes some room
/// for what follows, which a negative margin gives back: Chromium 156 leaves a heading alone at the foot of a page in spite of
/// `break-after` where an unbreakable block follows.
enum PageStyle {
    static let css = """
        :root{--bg:#fff;--fg:#1b2027;--mut:#59636e;--line:#dfe4e8;--soft:#f5f7f9;--link:#1f5aa8;--ok:#17713f;--warn:#8a5700;\
        --bad:#b3261e;--b0:#6d93c4;--b1:#d99a2b;--b2:#c4473c;--mk:#59636e;--bd:#e3e8ee;--hi:#fff;--h0:#eff2f5;--h1:#d5e2f1;--h2:#adc8e6;\
        --h3:#7fa8d6;--h4:#4378b3;--h5:#1f4f8a;--r0:#f4f2f1;--r1:#f8dcd7;--r2:#f0b6ad;--r3:#e28a7e;--r4:#c14a3e;--r5:#96271e}
        @media(prefers-color-scheme:dark){:root{--bg:#12161b;--fg:#e3e8ed;--mut:#9ba6b2;--line:#2b333c;--soft:#1a2027;\
        --link:#86b4f0;--ok:#5cc98c;--warn:#e3ae57;--bad:#f28b80;--b0:#5f89bd;--b1:#d59f3f;--b2:#d6675c;--mk:#9ba6b2;--bd:#262e37;--hi:#0d1115;\
        --h0:#1b2128;--h1:#1e3247;--h2:#264a70;--h3:#33669b;--h4:#6a9bd4;--h5:#a9cdf7;\
        --r0:#211d1d;--r1:#44241f;--r2:#6a2f28;--r3:#95433a;--r4:#d97b70;--r5:#f7b3aa}}
        *{box-sizing:border-box}
        html{font-size:15px;-webkit-text-size-adjust:100%}
        body{margin:0;background:var(--bg);color:var(--fg);\
        font:1rem/1.5 -apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,system-ui,sans-serif}
        main{max-width:1120px;margin:0 auto;padding:40px 28px 64px}
        p,dl,figure{margin:0}
        a{color:var(--link)}
        code{font:.88em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
        .n{font-weight:600;display:inline-block;max-width:100%;overflow-wrap:anywhere}
        .kicker{color:var(--mut);font-size:.867rem;letter-spacing:.02em}
        h1{font-size:1.8rem;line-height:1.3;font-weight:600;letter-spacing:-.012em;margin:8px 0 12px;text-wrap:balance}
        h1.bad{border-left:4px solid var(--bad);padding-left:16px}
        h1.warn{border-left:4px solid var(--warn);padding-left:16px}
        h1.good{border-left:4px solid var(--ok);padding-left:16px}
        .sub{color:var(--mut)}
        nav{margin-top:18px;padding:10px 0;border:solid var(--line);border-width:1px 0;font-size:.867rem;\
        display:flex;flex-wrap:wrap;gap:4px 18px}
        nav a{text-decoration:none}
        nav a:hover{text-decoration:underline}
        h2{font-size:1.267rem;line-height:1.3;font-weight:650;letter-spacing:-.006em;margin:0}
        h3{font-size:1.067rem;line-height:1.4;font-weight:600;margin:0 0 10px}
        section{margin-top:52px}
        .lead{color:var(--mut);margin:4px 0 0;max-width:46em}
        .lead,.para,figcaption,.more,li{text-wrap:pretty}
        .para{margin-top:14px;max-width:46em}
        .para.good{color:var(--ok)}
        .para.warn{color:var(--warn)}
        .para.bad{color:var(--bad)}
        .para.quiet{color:var(--mut)}
        ul{margin:14px 0 0;padding-left:20px;max-width:46em}
        li{margin:4px 0}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(148px,1fr));gap:0 24px;margin-top:24px}
        .tiles div{border-top:2px solid var(--line);padding:12px 0 16px}
        .tiles .bad{border-color:var(--bad)}
        .tiles .warn{border-color:var(--warn)}
        .tiles .good{border-color:var(--ok)}
        .tiles dt{color:var(--mut);font-size:.867rem}
        .tiles dd{margin:0}
        .tiles strong{display:block;font-size:1.733rem;line-height:1.25;font-weight:600;letter-spacing:-.015em;\
        font-variant-numeric:tabular-nums}
        .tiles .bad strong{color:var(--bad)}
        .tiles span{display:block;color:var(--mut);font-size:.867rem;line-height:1.4;margin-top:2px}
        figure{margin-top:22px}
        figcaption{font-weight:600;margin-bottom:6px}
        figcaption.alt{font-weight:400;font-size:.867rem;color:var(--mut);margin:8px 0 0;max-width:60em}
        figcaption a{font-weight:400;font-size:.867rem;margin-left:10px}
        .key{display:inline-block;margin-right:14px;white-space:nowrap}
        .key i{display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:5px}
        .k-plain{background:var(--b0)}
        .k-warn{background:var(--b1)}
        .k-bad{background:var(--b2)}
        .k-bd{background:var(--bd)}
        .scroll{overflow-x:auto}
        .scroll:focus-visible{outline:2px solid var(--link);outline-offset:3px}
        table{border-collapse:collapse;min-width:min(100%,430px);font-size:.933rem;line-height:1.4;font-variant-numeric:tabular-nums}
        th{text-align:left;font-weight:500;font-size:.833rem;color:var(--mut);padding:5px 18px 5px 0;vertical-align:bottom;\
        border-bottom:1px solid var(--mut);white-space:nowrap}
        td{padding:6px 18px 6px 0;border-bottom:1px solid var(--line);vertical-align:top;white-space:nowrap}
        th:last-child,td:last-child{padding-right:0}
        .num{text-align:right}
        td.nm{white-space:normal;min-width:8em}
        td .n{font-weight:500}
        td.good{color:var(--ok)}
        td.warn{color:var(--warn)}
        td.bad{color:var(--bad);font-weight:600}
        td.quiet{color:var(--mut)}
        .none,.more{color:var(--mut);font-size:.933rem;margin-top:8px}
        .card{border:1px solid var(--line);border-left:4px solid var(--line);border-radius:6px;padding:18px 20px 20px;margin-top:20px}
        .card.bad{border-left-color:var(--bad)}
        .card.warn{border-left-color:var(--warn)}
        .badge{font-size:.8rem;font-weight:500;border:1px solid;border-radius:10px;padding:1px 9px;margin-left:6px;white-space:nowrap}
        .badge.bad{color:var(--bad)}
        .badge.warn{color:var(--warn)}
        .facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:10px 22px;margin-bottom:4px}
        .facts.wide{grid-template-columns:1fr}
        .facts dt{color:var(--mut);font-size:.833rem}
        .facts dd{margin:0;font-variant-numeric:tabular-nums}
        .defs{margin-top:14px;font-size:.933rem}
        .defs dt{font-weight:600;margin-top:10px}
        .defs dd{margin:0;max-width:52em}
        pre{margin:6px 0 0;padding:10px 14px;background:var(--soft);border-radius:4px;overflow-x:auto;white-space:pre-wrap}
        .cd{margin-top:16px}
        .cd>p{font-size:.933rem}
        svg{display:block}
        svg.ch{width:100%;height:auto;min-width:560px;max-width:820px}
        svg text{font:11px -apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,system-ui,sans-serif;fill:var(--mut);\
        font-variant-numeric:tabular-nums}
        svg .hl{fill:var(--fg)}
        svg .hi{fill:var(--hi)}
        svg .lo{fill:var(--fg)}
        .sp path,.gr,.ax,.mk{fill:none}
        .gr{stroke:var(--line)}
        .ax{stroke:var(--mut)}
        .mk{stroke:var(--mk);stroke-dasharray:4 3}
        .sp path{stroke:var(--b0);stroke-width:5}
        .sp.s path{stroke-width:3}
        .sp .gr,.sp.s .gr{stroke:var(--line);stroke-width:1}
        .bd{fill:var(--bd)}
        .t-plain{fill:var(--b0)}
        .t-warn{fill:var(--b1)}
        .t-bad{fill:var(--b2)}
        .h0{fill:var(--h0)}.h1{fill:var(--h1)}.h2{fill:var(--h2)}.h3{fill:var(--h3)}.h4{fill:var(--h4)}.h5{fill:var(--h5)}
        .r0{fill:var(--r0)}.r1{fill:var(--r1)}.r2{fill:var(--r2)}.r3{fill:var(--r3)}.r4{fill:var(--r4)}.r5{fill:var(--r5)}
        footer{margin-top:56px;padding-top:14px;border-top:1px solid var(--line);color:var(--mut);font-size:.867rem}
        @media(max-width:640px){svg text{font-size:12.5px}main{padding:24px 16px 48px}h1{font-size:1.467rem}section{margin-top:40px}\
        .tiles{grid-template-columns:1fr 1fr;gap:0 16px}.tiles strong{font-size:1.467rem}.card{padding:14px}\
        .facts{grid-template-columns:1fr 1fr;gap:8px 14px}.facts.wide{grid-template-columns:1fr}\
        td.nm .n{width:max-content;max-width:20em}svg.ch{min-width:600px}\
        svg.b{min-width:0}svg.b text{font-size:19px}}
        @media print{@page{margin:14mm}:root{--bg:#fff;--fg:#000;--mut:#444;--line:#ccc}html{font-size:10.5px}\
        body{print-color-adjust:exact;-webkit-print-color-adjust:exact}main{max-width:none;padding:0}nav{display:none}\
        section{margin-top:26px}h2,h3,figcaption{break-after:avoid}.lead{break-after:avoid}\
        section>h2{padding-bottom:110px;margin-bottom:-110px;break-inside:avoid}\
        .card,tr,.tiles div,figure:not(.tb),.cd{break-inside:avoid}.lead+.card{break-inside:auto}\
        .lead+.card>*{break-inside:avoid}\
        .scroll{overflow:visible}th{white-space:normal}th,td{padding-right:7px}td.nm{min-width:0}table{font-size:.88rem}svg.ch{min-width:0;max-width:620px}svg.b text{font-size:11px}a{color:inherit;text-decoration:none}\
        .tiles{grid-template-columns:repeat(5,1fr)}}
        """
}
