// Made-up figures that move, for working on the page without a program.

export const HOSTILE = [
  '<img src=x onerror="document.title=\'broken\'">',
  "</script><script>document.title='broken'</script>",
  '"\'`&amp;<b>bold</b>',
  "javascript:alert(1)",
  "\u202Eright to left\u202C and on",
  `/very/long/${"segment-".repeat(40)}end`,
  "/with\nnewline\tand tab",
  "/ünïcödé/日本語/🦀",
];

const METHODS = ["GET", "POST", "PUT", "DELETE"];

export function namesOf(count) {
  const names = [
    ["GET", "/"],
    ["GET", "/products"],
    ["GET", "/products/{id}"],
    ["POST", "/cart"],
    ["POST", "/checkout"],
    ["GET", "/search?q={term}"],
    ["DELETE", "/cart/{item}"],
    ...HOSTILE.map((name, index) => [METHODS[index % 4], name]),
  ];
  for (let index = names.length; index < count; index += 1) names.push([METHODS[index % 4], `/files/user-${Math.floor(index / 10)}/document-${index}`]);
  return names.slice(0, count);
}

/** Upper bounds in milliseconds: equal steps in each power of two of microseconds. */
const bucketsOf = (steps) => Array.from({ length: 14 * steps }, (_, index) => (2 ** (9 + Math.floor(index / steps)) * (1 + ((index % steps) + 1) / steps)) / 1000);

/** Counts of a distribution like that of a web server: a body and a long tail. */
export function heatOf(total, median, steps = 4) {
  return bucketsOf(steps).flatMap((upper) => {
    const distance = Math.log2(upper / median);
    const share = Math.exp(-(distance * distance) / (distance < 0 ? 0.5 : 2.2)) * 0.26 + (distance > 2 && distance < 4 ? 0.002 : 0);
    const count = Math.round(total * share);
    return count > 0 ? [[upper, count]] : [];
  });
}

export function figures(ok, failed, seconds, median, isOn = true) {
  const all = ok + failed;
  const none = all === 0 ? null : undefined;
  const time = (factor) => (none === null ? null : Number((median * factor).toFixed(3)));
  return {
    started: all + (isOn ? 3 : 0), ok, failed, interrupted: isOn ? 0 : 3,
    rps: isOn ? (all / Math.max(1, seconds)) * (0.9 + Math.random() * 0.2) : 0, fps: isOn ? failed / Math.max(1, seconds) : 0,
    total_rps: all / Math.max(1, seconds), total_fps: failed / Math.max(1, seconds), fail_ratio: all === 0 ? null : failed / all,
    min: time(0.2), avg: time(1.3), max: time(24), p50: time(1), p75: time(1.4), p90: time(2.1), p95: time(3.2), p99: time(8.5), p999: time(15), p9999: time(22),
    size: none === null ? null : 1800 + (ok % 9000),
  };
}

export function pointOf(t, length, users) {
  const wave = 1 + 0.25 * Math.sin(t / 17) + 0.05 * Math.random();
  const rps = users * 9 * wave;
  const median = 12 + users / 20 + 6 * Math.sin(t / 23) + (t % 90 > 75 ? 25 : 0) + Math.random() * 3;
  return {
    t, length, users, rps, fps: t % 90 > 75 ? rps * 0.06 : rps * 0.004,
    p50: median, p75: median * 1.4, p90: median * 2.1, p95: median * 3.2, p99: median * 8.5, p999: median * 15, p9999: median * 22, max: median * 24,
    response: { p50: median * 1.1, p95: median * 4, p99: median * 11, max: median * 30 },
    cpu: Math.min(1, 0.1 + users / 900 + Math.random() * 0.03), memory: 60e6 + t * 9e3, queue_delay: 0.4 + Math.random() * 1.5, held_up: 0.01 + Math.random() * 0.01,
    heat: heatOf(rps * length, median),
  };
}

export const OFFER = {
  name: "webshop", version: "0.1.0", threads: 2, host_required: true,
  classes: [
    { name: "Visitor", weight: 3, fixed_count: null, host: null, tasks: [] },
    { name: "Buyer", weight: 1, fixed_count: null, host: null, tasks: [] },
    { name: "Monitor", weight: 1, fixed_count: 1, host: "https://status.shop.example", tasks: [] },
  ],
  tags: ["read", "write", "slow"],
  options: [
    { name: "tenant", help: "Whose shop it is.", default: ["acme"], secret: false, required: true, multiple: false, is_switch: false, choices: [] },
    { name: "token", help: "For the API.", default: [], secret: true, required: false, multiple: false, is_switch: false, choices: [] },
    { name: "think", help: "Wait between pages as people do.", default: [], secret: false, required: false, multiple: false, is_switch: true, choices: [] },
    { name: "region", help: "Where buyers are.", default: ["eu"], secret: false, required: false, multiple: false, is_switch: false, choices: ["eu", "us", "asia"] },
    { name: "product", help: "Only these products.", default: ["1", "2"], secret: false, required: false, multiple: true, is_switch: false, choices: [] },
  ],
  defaults: {
    users: 200, spawn_rate: 20, run_time: null, host: "https://shop.example", classes: ["Visitor", "Buyer", "Monitor"], weights: {}, fixed_counts: {}, hosts: {},
    tags: [], exclude_tags: [], options: { tenant: ["acme"], region: ["eu"], product: ["1", "2"], think: [] }, thresholds: ["p95(GET /products) < 500ms", "fail_ratio < 1%"],
    warm_up: null, stop_timeout: "0s", reset_stats: false,
  },
};
