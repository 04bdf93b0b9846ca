import { Menu } from "../menu";
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
    <Menu title="Columns" look="button" legend="Columns of the table">
      {columns.map(({ key, title, about }) => (
        <label key={key} class="check" title={about}>
          <input type="checkbox" checked={chosen.includes(key)} onChange={() => toggle(key)} />
          {title}
        </label>
      ))}
      <button type="button" onClick={() => choose(first)}>
        As at first
      </button>
    </Menu>
  );
}
