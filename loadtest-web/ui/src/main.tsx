import { render } from "preact";
import { App } from "./app";
import { live } from "./live";
import "./style/index.css";

live.connect();
render(<App />, document.getElementById("page")!);
