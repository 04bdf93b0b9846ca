import { useEffect } from "preact/hooks";
import { StartForm } from "./form/start";
import { Header } from "./header";
import { live } from "./live";
import { Announcer, Notices } from "./notices";
import { route } from "./route";
import { useStore } from "./store";
import { Tabs, tabsOf } from "./tabs";

export function App() {
  const { run, known, offer } = useStore(live);
  useStore(route);
  useEffect(() => {
    const slash = (event: KeyboardEvent) => {
      const field = document.querySelector<HTMLInputElement>("dialog[open] [data-search], [data-search]");
      if (event.key !== "/" || event.ctrlKey || event.metaKey || !field || isTyping(event.target)) return;
      event.preventDefault();
      field.focus();
    };
    addEventListener("keydown", slash);
    return () => removeEventListener("keydown", slash);
  }, []);
  useEffect(() => {
    document.title = run.run > 0 ? `${run.state} · ${offer?.name ?? "loadtest"}` : (offer?.name ?? "loadtest");
  }, [run.run, run.state, offer]);

  const tabs = tabsOf(run);
  const tab = tabs.find(({ id }) => id === route.tab) ?? tabs[0]!;
  return (
    <>
      <Announcer />
      <Header />
      <Notices />
      {known && <Tabs tabs={tabs} tab={tab} />}
      <main>
        {known && (
          <div role="tabpanel" id="panel" aria-labelledby={`tab-${tab.id}`} class={`tab-${tab.id}${tab.fills ? " fills" : ""}`}>
            {tab.show ? <tab.show /> : <First />}
          </div>
        )}
        {!known && <p class="empty">Waiting for the server …</p>}
      </main>
      {offer && (
        <footer>
          loadtest {offer.version} {run.run_id !== "" && ` · run ${run.run_id}`}
        </footer>
      )}
    </>
  );
}

/** The form of the first run, as a page of its own. */
function First() {
  const { offer, run } = useStore(live);
  if (!offer) return <p class="empty">…</p>;
  return (
    <>
      <h2>Start a run</h2>
      <StartForm offer={offer} asked={run.asked} started={() => route.go("statistics")} />
    </>
  );
}

const isTyping = (target: EventTarget | null) => target instanceof HTMLElement && target.matches("input:not([type=checkbox]), textarea, select");
