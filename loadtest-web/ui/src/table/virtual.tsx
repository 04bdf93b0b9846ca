import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** The height of a row in pixels, which the style sheet gives as well. */
const ROW_HEIGHT = 30;
/** So many rows are there above and below what is seen. */
const SPARE = 12;

export interface Column<R> {
  key: string;
  title: string;
  /** For the head's tooltip. */
  about?: string;
  isText?: boolean;
  cell: (row: R) => ComponentChildren;
  /** What is sorted by; none: the column does not sort. */
  value?: (row: R) => number | string | null;
  class?: (row: R) => string;
}

export interface Sorting {
  key: string;
  order: "ascending" | "descending";
}

interface Props<R> {
  label: string;
  columns: Column<R>[];
  rows: R[];
  id: (row: R) => string | number;
  total?: R | undefined;
  sorting: Sorting | null;
  sort: (sorting: Sorting | null) => void;
  open?: (row: R) => void;
  isOpen?: (row: R) => boolean;
  empty: string;
}

/** From the largest first for numbers, from A to Z for names; then the other way; then not at all. */
function next<R>(column: Column<R>, sorting: Sorting | null): Sorting | null {
  const first = column.isText ? "ascending" : "descending";
  if (sorting?.key !== column.key) return { key: column.key, order: first };
  return sorting.order === first ? { key: column.key, order: first === "ascending" ? "descending" : "ascending" } : null;
}

const collator = new Intl.Collator(undefined, { numeric: true });

/** Rows in order; those without a value are last in both orders. */
export function sorted<R>(rows: R[], column: Column<R> | undefined, sorting: Sorting | null): R[] {
  const value = column?.value;
  if (!value || !sorting) return rows;
  const sign = sorting.order === "ascending" ? 1 : -1;
  return rows
    .map((row) => [value(row), row] as const)
    .sort(([a], [b]) => {
      if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
      return sign * (typeof a === "number" && typeof b === "number" ? a - b : collator.compare(String(a), String(b)));
    })
    .map(([, row]) => row);
}

/** A table of which only the rows in sight are in the page, so that thousands cost no more than thirty. */
export function VirtualTable<R>(props: Props<R>) {
  const { columns, rows, total, sorting } = props;
  const scroll = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);

  useLayoutEffect(() => {
    const box = scroll.current!;
    const watch = new ResizeObserver(() => setHeight(box.clientHeight));
    watch.observe(box);
    return () => watch.disconnect();
  }, []);
  const first = Math.max(0, Math.min(Math.floor(top / ROW_HEIGHT), rows.length) - SPARE);
  const last = Math.min(rows.length, Math.ceil((top + height) / ROW_HEIGHT) + SPARE);
  const shown = rows.slice(first, last);

  return (
    <div class="scroll virtual" ref={scroll} onScroll={(event) => setTop(event.currentTarget.scrollTop)} tabIndex={0} role="group" aria-label={`${props.label}, scrolls`}>
      <table aria-label={props.label} style={{ "--columns": columns.length - 1 }} aria-rowcount={rows.length + 1 + (total ? 1 : 0)} aria-colcount={columns.length}>
        <colgroup>
          {columns.map((column) => (
            <col key={column.key} class={`col-${column.key}${column.isText ? " col-text" : ""}`} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <Head key={column.key} column={column} sorting={sorting} sort={props.sort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {first > 0 && <Space rows={first} columns={columns.length} />}
          {shown.map((row, index) => (
            <tr key={props.id(row)} aria-rowindex={first + index + 2} class={rowClass(props, row)} onClick={(event) => props.open && !hasSelection(event) && props.open(row)}>
              {cells(props, row)}
            </tr>
          ))}
          {last < rows.length && <Space rows={rows.length - last} columns={columns.length} />}
          {rows.length === 0 && (
            <tr class="none">
              <td colSpan={columns.length}>{props.empty}</td>
            </tr>
          )}
        </tbody>
        {total && (
          <tfoot>
            <tr aria-rowindex={rows.length + 2} class={rowClass(props, total)} onClick={() => props.open?.(total)}>
              {cells(props, total)}
            </tr>
          </tfoot>
        )}
      </table>
    </div>
  );
}

/** Whoever marks text to copy it does not want the row to open. */
const hasSelection = (event: MouseEvent) => event.detail > 0 && (getSelection()?.toString() ?? "") !== "";

function rowClass<R>({ open, isOpen }: Props<R>, row: R): string {
  return `${open ? "opens" : ""}${isOpen?.(row) ? " open" : ""}`;
}

function Space({ rows, columns }: { rows: number; columns: number }) {
  return (
    <tr class="space" aria-hidden="true">
      <td colSpan={columns} style={{ height: `${rows * ROW_HEIGHT}px` }} />
    </tr>
  );
}

function Head<R>({ column, sorting, sort }: { column: Column<R>; sorting: Sorting | null; sort: (sorting: Sorting | null) => void }) {
  const order = sorting?.key === column.key ? sorting.order : undefined;
  return (
    <th scope="col" class={column.isText ? "t" : ""} title={column.about} aria-sort={order ?? "none"}>
      {column.value ? (
        <button type="button" onClick={() => sort(next(column, sorting))}>
          {column.title}
        </button>
      ) : (
        column.title
      )}
    </th>
  );
}

function cells<R>({ columns, open }: Props<R>, row: R): JSX.Element[] {
  return columns.map((column, index) => {
    const content = column.cell(row);
    const name = `${column.isText ? "t" : ""} ${column.class?.(row) ?? ""}`;
    if (index > 0) return <td key={column.key} class={name}>{content}</td>;
    return (
      <th key={column.key} scope="row" class={name}>
        {open ? <button type="button" class="opener" onClick={(event) => (event.stopPropagation(), open(row))}>{content}</button> : content}
      </th>
    );
  });
}
