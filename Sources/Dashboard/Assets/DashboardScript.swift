/// What makes pages live.
///
/// They say the same without it: it only adds lines, and redraws figures that stand there already.
enum DashboardScript {
    static let text = #"""
        "use strict";
        // One stream a page; the browser opens it again by itself when it breaks off.
        (() => {
          const find = (selector, root = document) => root.querySelector(selector);
          const count = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");
          const lines = find('[data-live="lines"]');
          const pulse = find('[data-live="pulse"]');
          const again = find('[data-live="reload"]');
          if (again) setTimeout(() => location.reload(), 1000);
          const held = find('[data-live="approvals"]');
          if (held) {
            const known = new Set(held.dataset.known.split(" "));
            setInterval(async () => {
              const answer = await fetch("/api/v1/approvals").catch(() => null);
              if (!answer || !answer.ok) return;
              const now = (await answer.json()).approvals.map((call) => call.id);
              const come = now.filter((id) => !known.has(id)).length;
              const gone = [...known].filter((id) => id && !now.includes(id)).length;
              if (!come && !gone) return;
              // The page stays as it is: somebody may be writing a message in it.
              held.firstChild.textContent = `${count(come)} more wait, ${count(gone)} are decided or over. `;
              document.title = document.title.replace(/^(\(\d+\) )?/, come ? `(${come}) ` : "");
            }, 3000);
          }
          if (!lines && !pulse) return;

          const most = 500;
          let isPaused = false;
          let waiting = [];
          const status = find('[data-live="status"]');
          const say = (text) => { if (status) status.textContent = text; };

          const cell = (row, text, style) => {
            const one = document.createElement("td");
            if (style) one.className = style;
            one.textContent = text;
            row.append(one);
            return one;
          };
          const show = (line) => {
            const row = document.createElement("tr");
            row.className = line.tone;
            cell(row, line.time, "tm");
            if (line.kind === "notice") {
              cell(row, line.why).colSpan = 5;
            } else {
              cell(row, line.agent);
              cell(row, line.target);
              const why = document.createElement("a");
              why.href = "/explain/" + line.record;
              why.textContent = line.decision;
              cell(row, "", "dc").append(why);
              cell(row, line.why);
              cell(row, line.rate);
            }
            lines.prepend(row);
            while (lines.rows.length > most) lines.lastElementChild.remove();
          };
          const skipped = (n) => {
            if (!lines) return;
            const row = document.createElement("tr");
            row.className = "warn";
            cell(row, "");
            cell(row, "… " + count(n) + " skipped").colSpan = 5;
            lines.prepend(row);
          };

          const beat = (data) => {
            if (!pulse) return;
            const sum = (list) => list.reduce((a, b) => a + b, 0);
            const set = (name, text) => { const one = find(`[data-pulse="${name}"]`); if (one) one.textContent = text; };
            const minute = data.seconds.reduce((a, s) => a.map((v, i) => v + s[i]), [0, 0, 0, 0]);
            set("rate", (sum(data.ten) / 10).toFixed(1));
            set("minute", count(sum(minute)));
            set("stopped", count(minute[1] + minute[2]));
            set("agents", count(data.agents));
            if (sum(minute)) set("quiet", "");
            const bars = find('[data-live="bars"] g');
            if (!bars) return;
            const top = Math.max(1, ...data.seconds.map(sum));
            set("top", count(top) + "/s");
            const height = 96;
            bars.replaceChildren();
            data.seconds.forEach(([allowed, denied, throttled, held], index) => {
              let y = height;
              for (const [n, style] of [[allowed, "t-plain"], [throttled + held, "t-warn"], [denied, "t-bad"]]) {
                if (!n) continue;
                const tall = (n / top) * height;
                y -= tall;
                const bar = document.createElementNS("http://www.w3.org/2000/svg", "rect");
                bar.setAttribute("class", style);
                bar.setAttribute("x", index * 10 + 1);
                bar.setAttribute("y", y);
                bar.setAttribute("width", 8);
                bar.setAttribute("height", tall);
                bars.append(bar);
              }
            });
          };

          const query = new URLSearchParams(location.search);
          if (lines) query.set("from", lines.dataset.from);
          const stream = new EventSource("/live/events?" + query);
          stream.addEventListener("open", () => say("Live: lines appear as they become durable."));
          stream.addEventListener("error", () => say("Not connected; trying again."));
          stream.addEventListener("pulse", (event) => beat(JSON.parse(event.data)));
          if (lines) {
            stream.addEventListener("skipped", (event) => skipped(Number(event.data)));
            stream.addEventListener("line", (event) => {
              const line = JSON.parse(event.data);
              if (!isPaused) return show(line);
              waiting.push(line);
              if (waiting.length > most) waiting.shift();
              say("Paused: " + count(waiting.length) + " new lines.");
            });
            const pause = find('[data-action="pause"]');
            if (pause) {
              pause.hidden = false;
              pause.addEventListener("click", () => {
                isPaused = !isPaused;
                pause.setAttribute("aria-pressed", String(isPaused));
                pause.textContent = isPaused ? "Go on" : "Pause";
                if (!isPaused) {
                  waiting.forEach(show);
                  waiting = [];
                  say("Live: lines appear as they become durable.");
                } else {
                  say("Paused.");
                }
              });
            }
          }
          addEventListener("pagehide", () => stream.close());
        })();
        """#
}
