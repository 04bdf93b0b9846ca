import type { Column } from "../table/virtual";

interface Props<R> {
  columns: Column<R>[];
  chosen: string[];
  choose: (keys: string[]) => void;
  first: string[];
}

/** Which columns a table shows. */
export function ColumnPicker<R>({ columns, chosen, choose, first }: Props<R>) {
  const toggle = (key: string) => choose(chosen.includes(key) ? chosen.filter((each) => each !== key) : [...chosen, key]);
  return (
    <details class="menu" onKeyDown={(event) => event.key === "Escape" && ((event.currentTarget.open = false), event.stopPropagation())}>
      <summary class="button">Columns</summary>
      <fieldset>
        <legend class="unseen">Columns of the table</legend>
        {columns.map(({ key, title, about }) => (
          <label key={key} class="check" title={about}>
            <input type="checkbox" checked={chosen.includes(key)} onChange={() => toggle(key)} />
            {title}
          </label>
        ))}
        <button type="button" onClick={() => choose(first)}>
          As at first
        </button>
      </fieldset>
    </details>
  );
}
