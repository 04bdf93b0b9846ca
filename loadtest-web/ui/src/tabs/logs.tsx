import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { dateAndTime, of, timeOfDay } from "../format";
import { keep, kept } from "../kept";
import { live } from "../live";
import { useStore } from "../store";
import { matches, Search, wordsOf } from "../table/search";
import { visible } from "../text";
import type { Level } from "../types";

const LEVELS: Level[] = ["error", "warn", "info", "debug", "trace"];
/** So many of the newest are drawn. */
const MOST = 1000;

export function Logs() {
  const { logs } = useStore(live);
  const [search, setSearch] = useState("");
  const [least, setLeast] = useState<Level>(() => kept<Level>("level", "info"));
  const box = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  useEffect(() => live.seeLogs(), [logs]);
  const found = useMemo(() => {
    const words = wordsOf(search);
    const levels = LEVELS.slice(0, LEVELS.indexOf(least) + 1);
    return logs.filter(({ level, text }) => levels.includes(level) && matches(words, text.toLowerCase()));
  }, [logs, search, least]);
  useLayoutEffect(() => {
    if (follows.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [found]);

  return (
    <>
      <div class="toolbar">
        <Search label="Search logs" value={search} change={setSearch} />
        <label class="inline">
          Level
          <select value={least} onChange={(event) => (keep("level", event.currentTarget.value), setLeast(event.currentTarget.value as Level))}>
            <option value="error">Errors</option>
            <option value="warn">Warnings and errors</option>
            <option value="info">Info and above</option>
            <option value="debug">Debug and above</option>
            <option value="trace">All</option>
          </select>
        </label>
        <p class="note">{of(found.length, "line", "lines")}</p>
      </div>
      <div
        class="scroll log"
        ref={box}
        role="log"
        aria-label="Logs"
        aria-live="off"
        tabIndex={0}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => (follows.current = scrollHeight - scrollTop - clientHeight < 40)}
      >
        {found.slice(-MOST).map((line) => (
          <p key={line.number} class={`level-${line.level}`}>
            <time dateTime={line.at} title={dateAndTime(line.at)}>{timeOfDay(line.at)}</time>
            <b>{line.level}</b>
            <span>{visible(line.text)}</span>
          </p>
        ))}
        {found.length === 0 && <p class="empty">{logs.length === 0 ? "Nothing has been logged." : "No line is of this level and has these words."}</p>}
      </div>
    </>
  );
}
