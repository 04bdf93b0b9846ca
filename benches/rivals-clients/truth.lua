-- What wrk knows of its run, as one line of JSON: counts, and times in microseconds.
done = function(summary, latency, requests)
  io.write(string.format('{"count": %d, "mean": %.1f, "max": %d', summary.requests, latency.mean, latency.max))
  for _, percentile in pairs({ 50, 75, 90, 95, 99, 99.9 }) do
    io.write(string.format(', "p%g": %d', percentile, latency:percentile(percentile)))
  end
  io.write("}\n")
end
