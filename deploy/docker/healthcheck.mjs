/**
 * HEALTHCHECK of the image: whether this Lakegate can do its work. A control plane and `lakegate up` answer at the port of HTTP, a
 * gateway of its own at that of its health; a container has one of them, so the first that answers tells.
 */
const { LAKEGATE_HTTP_PORT = '8470', LAKEGATE_GATEWAY_HEALTH_PORT = '8471' } = process.env

for (const port of [LAKEGATE_HTTP_PORT, LAKEGATE_GATEWAY_HEALTH_PORT]) {
  // What hangs is ended by the time that HEALTHCHECK gives.
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined)
  if (answer === undefined) continue
  console.log(await answer.text())
  process.exit(answer.ok ? 0 : 1)
}
console.log(`nothing answers at port ${LAKEGATE_HTTP_PORT} or ${LAKEGATE_GATEWAY_HEALTH_PORT}`)
process.exit(1)
