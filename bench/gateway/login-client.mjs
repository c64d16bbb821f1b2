// A process that does nothing but log in, ask one thing and log out, from a number of connections at a time, and reports to its parent
// over IPC how many logins it finished. Started by login-load.mjs.
import { logIn } from './wire-client.mjs'

process.once('message', async ({ target, connections, milliseconds }) => {
  const end = performance.now() + milliseconds
  const times = []
  let failure
  const client = async () => {
    while (performance.now() < end && failure === undefined) {
      const begin = performance.now()
      try {
        const session = await logIn(target)
        // PgBouncer takes a backend at the first query, others at the login.
        await session.query('SELECT 1')
        times.push(performance.now() - begin)
        session.end()
      } catch (error) {
        failure = `${error.code ?? ''} ${error.message}`
      }
    }
  }
  await Promise.all(Array.from({ length: connections }, client))
  process.send({ times, failure }, () => process.exit(0))
})
