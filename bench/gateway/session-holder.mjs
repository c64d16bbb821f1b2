// A process that opens sessions, says so to its parent, and holds them until it is told to end. Started by
// measure-memory.mjs.
import { logIn } from './wire-client.mjs'

const AT_A_TIME = 20

process.on('message', async (message) => {
  if (message === 'end') process.exit(0)
  const { target, sessions } = message
  let left = sessions
  let failure
  const opener = async () => {
    while (left > 0 && failure === undefined) {
      left -= 1
      try {
        await logIn(target)
      } catch (error) {
        failure = `${error.code ?? ''} ${error.message}`
      }
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, opener))
  process.send({ failure })
})
