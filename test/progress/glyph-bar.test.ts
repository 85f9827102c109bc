import { expect, test } from "vitest";
import { parseBar } from "../../src/progress/bar.ts";

const line = "━".repeat(40);

/** What is printed, and the fraction, current, total, rate and eta_seconds that are read from it. */
test.each<[string, string, (number | null)[]]>([
  ["rich", `Working... ${line}  45% 0:00:12`, [0.45, null, null, null, 12]],
  [
    "rich, without colours",
    "Working... ━━━━━━━━━━━━━━━━━━                        45% 0:00:12",
    [0.45, null, null, null, 12],
  ],
  ["rich, at its beginning", `Working... ╺${line}   0% -:--:--`, [0, null, null, null, null]],
  [
    "rich, a first half cell",
    "Working... ╸                                         1% 0:10:00",
    [0.01, null, null, null, 600],
  ],
  ["rich, figures in the description", `Epoch 3/4 ${line}  45% 0:00:12`, [0.45, null, null, null, 12]],
  ["rich, at its end, with the time it took", `Working... ${line} 100% 0:00:12`, [1, null, null, null, 0]],
  ["rich, days", `Working... ${line}   1% 1 day, 2:00:00`, [0.01, null, null, null, 93_600]],
  ["rich, m of n", `Working... ${line}  45/100 0:00:12`, [0.45, 45, 100, null, 12]],
  ["rich, percent and m of n", `Working... ${line}  45%  45/100 0:00:12`, [0.45, 45, 100, null, 12]],
  ["rich, time gone and time left", `Working... ${line}  75% 0:00:30 0:00:10`, [0.75, null, null, null, 10]],
  ["rich, time left and time gone", `Working... ${line}  25% 0:00:30 0:00:10`, [0.25, null, null, null, 30]],
  ["rich, no time left yet", `Working... ${line}   0% -:--:-- 0:00:10`, [0, null, null, null, null]],
  [
    "rich, a download",
    `a.csv ${line} 12.3/49.2 MB 1.2 MB/s 0:00:31`,
    [0.25, 12_300_000, 49_200_000, 1_200_000, 31],
  ],
  ["rich, a small download", `a.csv ${line} 123/492 bytes 98 bytes/s 0:00:04`, [0.25, 123, 492, 98, 4]],
  ["rich, a download in KiB", `a.csv ${line} 1.5/6.0 KiB ? 0:00:31`, [0.25, 1536, 6144, null, 31]],
  ["rich, in a panel", `│ Working... ${line}  45% 0:00:12 │`, [0.45, null, null, null, 12]],
  ["pip", `   ${line} 12.3/49.2 MB 1.2 MB/s eta 0:00:31`, [0.25, 12_300_000, 49_200_000, 1_200_000, 31]],
  [
    "progressbar2",
    " 45% (45 of 100) |######        | Elapsed Time: 0:00:04 ETA:   0:00:05",
    [0.45, 45, 100, null, 5],
  ],
  [
    "progressbar2, no time left yet",
    " 45% (45 of 100) |######        | Elapsed Time: 0:00:04 ETA:  --:--:--",
    [0.45, 45, 100, null, null],
  ],
  [
    "progressbar2, at its end",
    "100% (100 of 100) |######| Elapsed Time: 0:00:09 Time:  0:00:09",
    [1, 100, 100, null, 0],
  ],
  [
    "progressbar2, days",
    "  3% |#          | ETA:  114 days, 22:19:57 130.2 B/s",
    [0.03, null, null, 130.2, 9_929_997],
  ],
  [
    "progressbar2, a transfer",
    " 45% of   9.5 MiB |#######        | Elapsed Time: 0:00:04 ETA:   0:00:05",
    [0.45, null, null, null, 5],
  ],
  ["alive-progress", "EURUSD |██████▍         | ▂▂▄ 40/100 [40%] in 4s (~6s, 9.8/s)", [0.4, 40, 100, 9.8, 6]],
  [
    "alive-progress, another version",
    "on 40: |██████▍         | ▂▂▄ 40/100 [40%] in 4s (9.8/s, eta: 6s)",
    [0.4, 40, 100, 9.8, 6],
  ],
  [
    "alive-progress, at its end",
    "|████████████████| 100/100 [100%] in 10.2s (9.80/s)",
    [1, 100, 100, 9.8, 0],
  ],
  [
    "alive-progress, given up",
    "|██████▍⚠︎        | (!) 40/100 [40%] in 4.1s (9.76/s)",
    [0.4, 40, 100, 9.76, null],
  ],
  [
    "alive-progress, with prefixes",
    "|██████▍         | ▂▂▄ 400.0B/1kB [40%] in 4s (~6s, 98.5B/s)",
    [0.4, 400, 1000, 98.5, 6],
  ],
  ["Keras", "45/100 [============>.................] - ETA: 12s - loss: 0.5000", [0.45, 45, 100, null, 12]],
  [
    "Keras, at its beginning",
    "  0/100 [..............................] - ETA: 1:02:03",
    [0, 0, 100, null, 3723],
  ],
  [
    "Keras, at its end",
    "100/100 [==============================] - 2s 20ms/step - accuracy: 0.9",
    [1, 100, 100, 50, 0],
  ],
  ["Keras 3", "45/100 ━━━━━━━━━━━━━━━━━━━━ 12s 200ms/step - accuracy: 0.9", [0.45, 45, 100, 5, 12]],
  ["Keras 3, minutes", "45/100 ━━━━━━━━━━━━━━━━━━━━ 1:02 2s/step - accuracy: 0.9", [0.45, 45, 100, 0.5, 62]],
  ["Keras 3, at its end", "100/100 ━━━━━━━━━━━━━━━━━━━━ 2s 20ms/step - accuracy: 0.9", [1, 100, 100, 50, 0]],
  ["click", "rows  [################--------------------]   46%  00:00:01", [0.46, null, null, null, 1]],
  [
    "click, a count",
    "rows  [################--------------------]  46/100  00:00:01",
    [0.46, 46, 100, null, 1],
  ],
  [
    "yfinance",
    "[**************        30%                       ]  3 of 10 completed",
    [0.3, 3, 10, null, null],
  ],
  [
    "yfinance, at its end",
    "[*********************100%***********************]  1 of 1 completed",
    [1, 1, 1, null, 0],
  ],
  [
    "wget",
    "a.zip   45%[=======>          ]   1.20M  3.40MB/s    eta 1m 5s",
    [0.45, null, null, 3_400_000, 65],
  ],
  ["progress", "Loading |##############                  | 45/100", [0.45, 45, 100, null, null]],
  ["progress, bare", "Loading ██████████████∙∙∙∙∙∙∙∙∙∙∙∙∙∙∙∙∙∙ 45%", [0.45, null, null, null, null]],
  ["a decimal comma", "[####------] 45,5 %", [0.455, null, null, null, null]],
])("%s", (_what, text, [fraction, current, total, rate, eta_seconds]) => {
  expect(parseBar(text)).toEqual({ fraction, current, total, rate, eta_seconds, text: text.trim() });
});
