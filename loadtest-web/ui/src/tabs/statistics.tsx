import { useMemo, useState } from "preact/hooks";
import { of } from "../format";
import { keep, kept } from "../kept";
import { live } from "../live";
import { route } from "../route";
import { useStore } from "../store";
import { matches, Search, wordsOf } from "../table/search";
import { sorted, VirtualTable, type Sorting } from "../table/virtual";
import type { Row } from "../types";
import { COLUMNS, FIRST_COLUMNS } from "./columns";
import { ColumnPicker } from "./column_picker";
import { RowPanel } from "./row_panel";

const ROW = /^row-(\d+)$/;

export function Statistics() {
  useStore(live);
  useStore(route);
  const [search, setSearch] = useState("");
  const [sorting, setSorting] = useState<Sorting | null>(() => kept<Sorting | null>("sorting", null));
  const [chosen, setChosen] = useState(() => kept("columns", FIRST_COLUMNS));
  const columns = COLUMNS.filter(({ key }) => key === "name" || chosen.includes(key));

  const texts = useMemo(
    () => [...live.rows.values()].filter((row) => row.id !== 0).map((row) => [row.id, `${row.method} ${row.name}`.toLowerCase()] as const),
    [live.names],
  );
  const column = COLUMNS.find(({ key }) => key === sorting?.key);
  const rows = useMemo(() => {
    const words = wordsOf(search);
    const found = texts.filter(([, text]) => matches(words, text)).flatMap(([id]) => live.rows.get(id) ?? []);
    return sorted(found, column, sorting);
  }, [texts, live.turn, search, column, sorting]);

  const total: Row = { ...live.run.total, id: 0, method: "", name: "" };
  const open = Number(ROW.exec(route.rest)?.[1] ?? -1);
  const choose = (keys: string[]) => {
    keep("columns", keys);
    setChosen(keys);
  };
  const sort = (order: Sorting | null) => {
    keep("sorting", order);
    setSorting(order);
  };

  return (
    <>
      <div class="toolbar">
        <Search label="Search names" value={search} change={setSearch} />
        <p class="note">{search === "" ? of(texts.length, "name", "names") : `${of(rows.length, "name", "names")} of ${of(texts.length, "name", "names")}`} · times in ms</p>
        <ColumnPicker columns={COLUMNS.filter(({ key }) => key !== "name")} chosen={chosen} choose={choose} first={FIRST_COLUMNS} />
      </div>
      <VirtualTable
        label="Statistics of requests"
        columns={columns}
        rows={rows}
        id={(row) => row.id}
        total={total}
        sorting={sorting}
        sort={sort}
        open={(row) => route.go("statistics", row.id === open ? "" : `row-${row.id}`)}
        isOpen={(row) => row.id === open}
        empty={search === "" ? "No request has been sent yet." : "No name has these words."}
      />
      {open >= 0 && <RowPanel key={open} id={open} close={() => route.go("statistics")} />}
    </>
  );
}
