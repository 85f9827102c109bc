/** How a secret stands in a text: as it is, and in a JSON string as JSON.stringify and Python's json.dumps write it. */
export function writtenForms(secret: string): string[] {
  const inJson = JSON.stringify(secret).slice(1, -1);
  const inAscii = inJson.replaceAll(/[^ -~]/g, (unit) => `\\u${hexOf(unit)}`);
  return [...new Set([secret, inJson, inAscii])];
}

function hexOf(unit: string): string {
  return unit.charCodeAt(0).toString(16).padStart(4, "0");
}
