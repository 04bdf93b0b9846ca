import { Store } from "./store";

/** Where in the page one is: `#statistics/row-12`, kept in the address so that it can be linked to and gone back from. */
class Route extends Store {
  tab = "";
  rest = "";

  constructor() {
    super();
    this.read();
    addEventListener("hashchange", () => {
      this.read();
      this.tell();
    });
  }

  private read(): void {
    const [tab = "", ...rest] = location.hash.slice(1).split("/");
    this.tab = tab;
    this.rest = rest.join("/");
  }

  go(tab: string, rest = ""): void {
    location.hash = rest === "" ? tab : `${tab}/${rest}`;
  }
}

export const route = new Route();
