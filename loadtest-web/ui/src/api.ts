import type { FieldError } from "./types";

/** What the server refused, or that it could not be reached. */
export class Refused extends Error {
  readonly errors: FieldError[];

  constructor(errors: FieldError[]) {
    super(errors.map((error) => error.message).join(" "));
    this.errors = errors;
  }
}

const BASE = "api/v1/";

async function answer<T>(asked: Promise<Response>): Promise<T> {
  let response: Response;
  try {
    response = await asked;
  } catch {
    throw new Refused([{ field: null, message: "The server cannot be reached." }]);
  }
  if (response.ok) return (await response.json()) as T;
  throw new Refused(await errorsOf(response));
}

async function errorsOf(response: Response): Promise<FieldError[]> {
  try {
    const { errors } = (await response.json()) as { errors?: FieldError[] };
    if (errors && errors.length > 0) return errors;
  } catch {
    // Not JSON: a proxy's page, or an older server. The status is all that is known.
  }
  return [{ field: null, message: `The server answered ${response.status} ${response.statusText}.` }];
}

export const get = <T>(path: string) => answer<T>(fetch(BASE + path));

export const post = <T>(path: string, body: unknown = {}) => sendText<T>(path, JSON.stringify(body));

export const sendText = <T>(path: string, text: string) =>
  answer<T>(fetch(BASE + path, { method: "POST", headers: { "Content-Type": "application/json" }, body: text }));

export const eventsUrl = `${BASE}events`;
