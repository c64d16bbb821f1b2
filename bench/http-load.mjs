// One client of the benches, as cheap as it can be, in a process of its own: keep-alive connections that send the same
// request again as soon as the answer is whole. Both contenders get the same. Told by one message what to send,
// answers with one message, and again. It understands answers with a content-length, which is all it meets.
import { connect } from 'node:net'

process.on('message', async (order) => {
  process.send(await load(order))
})

/** @returns how many answers came within the time, and how long each took, in milliseconds */
async function load({ url, requests, connections, milliseconds }) {
  const target = new URL(url)
  const bytes = requests.map(({ headers, body }) => requestBytes(target, headers, body))
  const begin = performance.now()
  const end = begin + milliseconds
  const times = []
  await Promise.all(
    Array.from({ length: connections }, (_, index) =>
      keepAsking(target, bytes[index % bytes.length], end, times),
    ),
  )
  return { perSecond: (times.length / (performance.now() - begin)) * 1000, times }
}

function requestBytes(target, headers, body) {
  const lines = Object.entries({ host: target.host, ...headers, 'content-length': Buffer.byteLength(body) })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.from(`POST ${target.pathname} HTTP/1.1\r\n${head}\r\n${body}`, 'utf8')
}

function keepAsking(target, bytes, end, times) {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: target.hostname, port: Number(target.port), noDelay: true })
    let sentAt = 0
    let received = ''
    const ask = () => {
      received = ''
      sentAt = performance.now()
      socket.write(bytes)
    }
    socket.on('connect', ask)
    socket.on('data', (chunk) => {
      received += chunk.latin1Slice()
      const headEnd = received.indexOf('\r\n\r\n')
      if (headEnd === -1) return
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(received.slice(0, headEnd))?.[1])
      if (!received.startsWith('HTTP/1.1 200 ') || !Number.isInteger(length)) {
        socket.destroy(new Error(received))
        return
      }
      if (received.length < headEnd + 4 + length) return
      const now = performance.now()
      times.push(now - sentAt)
      if (now < end) ask()
      else socket.end()
    })
    socket.on('error', reject)
    socket.on('close', resolve)
  })
}
