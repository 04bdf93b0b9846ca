import type { ComponentType } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { count } from "./format";
import { live } from "./live";
import { route } from "./route";
import { Charts } from "./tabs/charts";
import { Downloads } from "./tabs/downloads";
import { Exceptions } from "./tabs/exceptions";
import { Failures } from "./tabs/failures";
import { Logs } from "./tabs/logs";
import { Ratio } from "./tabs/ratio";
import { Runs } from "./tabs/runs";
import { Statistics } from "./tabs/statistics";
import { Thresholds } from "./tabs/thresholds";
import { Workers } from "./tabs/workers";
import type { Run } from "./types";

export interface Tab {
  id: string;
  title: string;
  /** None: the form of the first run. */
  show?: ComponentType;
  badge?: (run: Run) => string;
  isBad?: boolean;
  /** It scrolls by itself, in the height that is left. */
  fills?: boolean;
}

const START: Tab = { id: "start", title: "Start" };
const LOGS: Tab = { id: "logs", title: "Logs", show: Logs, badge: () => (live.unseenLevel ? "!" : ""), isBad: true, fills: true };
const RUNS: Tab = { id: "runs", title: "Runs", show: Runs };

const ALL: Tab[] = [
  { id: "statistics", title: "Statistics", show: Statistics, fills: true },
  { id: "charts", title: "Charts", show: Charts },
  { id: "failures", title: "Failures", show: Failures, badge: ({ failures }) => (failures > 0 ? count(failures) : ""), isBad: true },
  { id: "exceptions", title: "Exceptions", show: Exceptions, badge: ({ exceptions }) => (exceptions > 0 ? count(exceptions) : ""), isBad: true },
  { id: "ratio", title: "Task ratio", show: Ratio },
  { id: "thresholds", title: "Thresholds", show: Thresholds, badge: notMet, isBad: true },
  { id: "workers", title: "Workers", show: Workers },
  LOGS,
  { id: "downloads", title: "Downloads", show: Downloads },
  RUNS,
];

function notMet({ thresholds }: Run): string {
  const number = thresholds.filter(({ verdict }) => verdict === "not met").length;
  return number > 0 ? `✗ ${number}` : "";
}

/** Before the first run there is nothing to look at but the form. */
export const tabsOf = (run: Run): Tab[] => (run.run === 0 ? [START, LOGS, RUNS] : ALL);

export function Tabs({ tabs, tab }: { tabs: Tab[]; tab: Tab }) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const box = list.current;
    const chosen = box?.querySelector<HTMLElement>("[aria-selected=true]");
    if (!box || !chosen) return;
    const [left, right] = [chosen.offsetLeft - 24, chosen.offsetLeft + chosen.offsetWidth + 24];
    if (left < box.scrollLeft) box.scrollLeft = left;
    else if (right > box.scrollLeft + box.clientWidth) box.scrollLeft = right - box.clientWidth;
  }, [tab.id]);

  const keys = (event: KeyboardEvent) => {
    const at = tabs.indexOf(tab);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = tabs[(to + tabs.length) % tabs.length]!;
    route.go(next.id);
    list.current?.querySelector<HTMLElement>(`#tab-${next.id}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label="Views" ref={list} onKeyDown={keys}>
      {tabs.map((each) => {
        const badge = each.badge?.(live.run) ?? "";
        return (
          <button
            key={each.id}
            type="button"
            role="tab"
            id={`tab-${each.id}`}
            aria-selected={each === tab}
            aria-controls="panel"
            tabIndex={each === tab ? 0 : -1}
            onClick={() => route.go(each.id)}
          >
            {each.title}
            {badge !== "" && <span class={each.isBad ? "badge bad" : "badge"}>{badge}</span>}
          </button>
        );
      })}
    </div>
  );
}
