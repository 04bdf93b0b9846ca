const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff]/;
const ALL = new RegExp(CONTROLS, "g");

function show(character: string): string {
  const code = character.charCodeAt(0);
  if (character === "\r") return "";
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code >= 0xfdd0) return "\ufffd";
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

/** Foreign text: control characters, and those that turn the direction of the text around them, become visible. */
export const visible = (text: string) => (CONTROLS.test(text) ? text.replace(ALL, show) : text);
