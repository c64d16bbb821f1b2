/** An answer that will not be whole ends the connection, wherever in the line of answers it stands. */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { expect, it } from 'vitest'
import { closeConnection } from '../../src/gateway/close-connection.ts'
import { abandonAnswer } from '../../src/http/abandon-answer.ts'
import { openHttpListener } from '../../src/http/listener.ts'
import { waitFor } from '../stage/wait-for.ts'

it('ends the connection of an answer that waits behind one which nobody reads, and both are told', async () => {
  const listener = await openHttpListener({ host: '127.0.0.1', port: 0 }, closeConnection)
  const answers: ServerResponse[] = []
  const closed: string[] = []
  listener.serve(({ url = '' }, response) => {
    answers.push(response)
    response.once('close', () => closed.push(url))
  })
  const client = connect(listener.port, '127.0.0.1')
  client.write('GET /first HTTP/1.1\r\nhost: here\r\n\r\nGET /second HTTP/1.1\r\nhost: here\r\n\r\n')
  await waitFor('both requests', () => Promise.resolve(answers.length === 2))
  const [, second] = answers
  if (second === undefined) throw new Error('there is no second request')
  abandonAnswer(second, closeConnection)
  client.resume()
  await once(client, 'end')
  client.end()
  await waitFor('both ends', () => Promise.resolve(closed.length === 2))
  expect(closed.sort()).toEqual(['/first', '/second'])
  await listener.close()
})
