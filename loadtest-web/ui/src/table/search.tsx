/** All words, anywhere, in any order. */
export const matches = (words: string[], text: string) => words.every((word) => text.includes(word));

export const wordsOf = (text: string) => text.toLowerCase().split(/\s+/).filter((word) => word !== "");

interface Props {
  label: string;
  value: string;
  change: (value: string) => void;
}

/** A field to look for something; `/` leads into it from everywhere, Esc empties and leaves it. */
export function Search({ label, value, change }: Props) {
  return (
    <input
      type="search"
      class="search"
      data-search
      placeholder={`${label} ( / )`}
      aria-label={label}
      aria-keyshortcuts="/"
      value={value}
      onInput={(event) => change(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        if (value === "") event.currentTarget.blur();
        change("");
      }}
    />
  );
}
