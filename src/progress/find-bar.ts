/** A line in which a bar of glyphs stands. */
export interface Bar {
  readonly before: string;
  /** What stands between the bar's ends. */
  readonly inside: string;
  readonly after: string;
}

/** The bar of a line: `|####   |`, `[==>...]`, `━━━╸━━━` or `███░░░`. */
export function findBar(line: string): Bar | undefined {
  const found = enclosedIn(line) ?? drawnIn(line);
  if (found === undefined) return undefined;
  const { 0: whole, 1: inside = whole, index } = found;
  return { before: line.slice(0, index), inside, after: line.slice(index + whole.length) };
}

const fewestCells = 5;

const enclosed = /[|[]([^|[\]\p{L}]{5,})(?=[|\]])/gu;

function enclosedIn(line: string): RegExpExecArray | undefined {
  return line.matchAll(enclosed).find(([, inside = ""]) => isFilling(inside));
}

/** Blocks, squares, circles, heavy lines and braille; no lower blocks, which draw curves. A mark may follow a sign. */
const cell = String.raw`█▉▊▋▌▍▎▏▓▒░■□▪▫▬▭▮▯▰▱●○◉◯▣▢⬛⬜∙·━╸╺⚠\p{M}\u2800-\u28FF`;
const glyphs = new RegExp(`^[${cell}][${cell} ]*$`, "u");

/** Filled cells, a tip, empty cells. */
const ascii = /^(?:=+>?|#+\d?|\*+|>|-*>)?[ .-]*$/;

/** Whether this is a bar from its first cell on; a percentage may be printed over it. */
function isFilling(inside: string): boolean {
  const cells = inside.replace(/(?<![\d.])\d+(?:\.\d+)?%/, "");
  return cells.length >= fewestCells && /^\S/.test(cells) && (glyphs.test(cells) || ascii.test(cells));
}

const emptyCell = /[ .░▒□▱○◯▢∙·⬜-]/u;

/** How many cells a bar may be off, with its tip and rounding. */
const tolerance = 2;

/** Whether a bar is as full as the figure beside it says, where it shows an empty cell; dashes alone are a rule. */
export function isDrawnTo(fraction: number, { inside }: Bar): boolean {
  const cells = [...inside.replaceAll(/\d+(?:\.\d+)?%|[⚠\p{M}]/gu, "")];
  if (cells.every((each) => each === "-")) return false;
  if (/[━╸╺]/.test(inside)) return true; // filled and empty differ in colour alone
  const empty = cells.filter((each) => emptyCell.test(each)).length;
  return (
    empty === 0 || Math.abs((cells.length - empty) / cells.length - fraction) <= tolerance / cells.length
  );
}

const heavyLine = /[━╸╺]+ */g;

const filledAndEmpty = /(?<![█▓■▰●◉▣⣿⬛])[█▓■▰●◉▣⣿⬛]+[▉▊▋▌▍▎▏▒]?[░▒□▱○◯▢∙·⬜]+/;

/** A bar without ends; two of them on one line are a heading between rules. */
function drawnIn(line: string): RegExpExecArray | undefined {
  const lines = [...line.matchAll(heavyLine)];
  if (lines.length > 1) return undefined;
  const only = lines[0] ?? filledAndEmpty.exec(line);
  return only && only[0].length >= fewestCells ? only : undefined;
}
