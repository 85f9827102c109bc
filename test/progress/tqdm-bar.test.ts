import { expect, test } from "vitest";
import { parseBar } from "../../src/progress/bar.ts";

/** What tqdm prints, and the fraction, current, total, rate and eta_seconds that are read from it. */
test.each<[string, string, (number | null)[]]>([
  ["its usual bar", " 45%|████▌     | 45/100 [00:10<00:12,  4.39it/s]", [0.45, 45, 100, 4.39, 12]],
  ["a description", "EURUSD:  45%|████▌     | 45/100 [00:10<00:12,  4.39it/s]", [0.45, 45, 100, 4.39, 12]],
  [
    "figures in the description",
    "3/4 at 5%:  45%|██▌ | 45/100 [00:10<00:12, 4.39it/s]",
    [0.45, 45, 100, 4.39, 12],
  ],
  ["an ASCII bar", " 45%|####5     | 45/100 [00:10<00:12,  4.39it/s]", [0.45, 45, 100, 4.39, 12]],
  ["another ASCII bar", " 45%|>>>>......| 45/100 [00:10<00:12,  4.39it/s]", [0.45, 45, 100, 4.39, 12]],
  ["no room for a bar", " 45% 45/100 [00:10<00:12,  4.39it/s]", [0.45, 45, 100, 4.39, 12]],
  ["the very beginning", "  0%|          | 0/100 [00:00<?, ?it/s]", [0, 0, 100, null, null]],
  ["the first step", "  1%|          | 1/100 [00:00<?, ?it/s]", [0.01, 1, 100, null, null]],
  ["the end", "100%|██████████| 100/100 [00:22<00:00,  4.39it/s]", [1, 100, 100, 4.39, 0]],
  ["seconds a step", " 45%|████▌     | 45/100 [01:52<02:17,  2.50s/it]", [0.45, 45, 100, 0.4, 137]],
  ["no time a step", " 45%|████▌     | 45/100 [00:00<00:00, 0.00s/it]", [0.45, 45, 100, null, 0]],
  ["hours", " 50%|█████     | 50/100 [1:02:03<1:02:03, 50.00s/it]", [0.5, 50, 100, 0.02, 3723]],
  ["weeks", " 50%|█████     | 50/100 [3000:00:00<3666:40:00, 200.00s/it]", [0.5, 50, 100, 0.005, 13_200_000]],
  [
    "prefixes",
    " 24%|##4       | 1.20M/5.00M [00:01<00:03, 1.10MB/s]",
    [0.24, 1_200_000, 5_000_000, 1_100_000, 3],
  ],
  [
    "prefixes and a unit",
    " 24%|██▍       | 1.20M/5.00M [00:01<00:03, 1.10M rows/s]",
    [0.24, 1_200_000, 5_000_000, 1_100_000, 3],
  ],
  [
    "prefixes before a word",
    " 24%|██▍       | 1.20k/5.00k [00:01<00:03, 1.10krow/s]",
    [0.24, 1200, 5000, 1100, 3],
  ],
  ["prefixes at the beginning", "  0%|          | 0.00/5.00k [00:00<?, ?it/s]", [0, 0, 5000, null, null]],
  [
    "a unit that begins like a prefix",
    " 40%|████      | 40/100 [00:10<04:00,  2.50Trades/s]",
    [0.4, 40, 100, 2.5, 240],
  ],
  [
    "such a unit of a slow step",
    " 40%|████      | 40/100 [00:10<04:00,  2.50s/Ticks]",
    [0.4, 40, 100, 0.4, 240],
  ],
  ["fractions of a step", " 50%|█████     | 50.5/101.0 [00:10<00:10, 5.05it/s]", [0.5, 50.5, 101, 5.05, 10]],
  ["a postfix", " 45%|████▌     | 45/100 [00:10<00:12,  4.39it/s, loss=0.5]", [0.45, 45, 100, 4.39, 12]],
  [
    "a postfix of brackets",
    " 45%|██▌ | 45/100 [00:10<00:12,  4.39it/s, x=[1, 2], y=3/4]",
    [0.45, 45, 100, 4.39, 12],
  ],
  [
    "a postfix that the width cuts",
    " 45%|██▌ | 45/100 [00:10<00:12,  4.39it/s, accura",
    [0.45, 45, 100, 4.39, 12],
  ],
  ["no rate", " 45%|████▌     | 45/100 [00:10<00:12]", [0.45, 45, 100, null, 12]],
  ["a bar and nothing else", " 45%|████▌     |", [0.45, null, null, null, null]],
  ["a bar and a count", " 45%|████▌     | 45/100", [0.45, 45, 100, null, null]],
  ["a total that is not known", "45/? [00:10<?,  4.39it/s]", [null, 45, null, 4.39, null]],
  ["no total", "45it [00:10, 4.39it/s]", [null, 45, null, 4.39, null]],
  ["no total and no step yet", "0it [00:00, ?it/s]", [null, 0, null, null, null]],
  [
    "no total, a description and a postfix",
    "EURUSD: 45it [00:10, 4.39it/s, loss=0.5]",
    [null, 45, null, 4.39, null],
  ],
  ["no total and a unit", "45 files [00:10,  2.50s/ files]", [null, 45, null, 0.4, null]],
  ["no total and prefixes", "1.20MB [00:01, 1.10MB/s]", [null, 1_200_000, null, 1_100_000, null]],
  ["no total and prefixes before a word", "1.20krow [00:01, 1.10krow/s]", [null, 1200, null, 1100, null]],
  ["no total and a unit like a prefix", "45Trades [00:10, 4.50Trades/s]", [null, 45, null, 4.5, null]],
])("tqdm with %s", (_what, text, [fraction, current, total, rate, eta_seconds]) => {
  expect(parseBar(text)).toEqual({ fraction, current, total, rate, eta_seconds, text: text.trim() });
});

test.each([
  ["its description", "EURUSD:  45%|████▌     "],
  ["its total", " 45%|████▌     | 45/1"],
  ["the time gone", " 45%|████▌     | 45/100 [00:1"],
  ["the time left", " 45%|████▌     | 45/100 [00:10<00:1"],
  ["the rate", " 45%|████▌     | 45/100 [00:10<00:12,  4.3"],
])("tqdm that is cut within %s tells nothing that is not so", (_what, text) => {
  const { fraction, total, rate } = parseBar(text) ?? { fraction: 0.45, total: 100, rate: null };
  expect([fraction, total ?? 100, rate]).toEqual([0.45, 100, null]);
  expect([undefined, null, 12]).toContain(parseBar(text)?.eta_seconds);
});
