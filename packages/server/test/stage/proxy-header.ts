/** A PROXY protocol v2 header, written from HAProxy's specification and not from ours. */
const SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]

/** @param body addresses and extensions; `length` replaces its true length */
export function proxyHeader(command: number, family: number, body: Buffer, length = body.length): Buffer {
  const head = Buffer.from([...SIGNATURE, command, family, 0, 0])
  head.writeUInt16BE(length, 14)
  return Buffer.concat([head, body])
}

/** A client at this IPv4 address. */
export const proxiedFrom = (address: string, port = 50_000): Buffer => {
  const ports = Buffer.alloc(4)
  ports.writeUInt16BE(port, 0)
  ports.writeUInt16BE(5432, 2)
  const source = Buffer.from(address.split('.').map(Number))
  return proxyHeader(0x21, 0x11, Buffer.concat([source, Buffer.of(127, 0, 0, 1), ports]))
}

/** A health check of the balancer itself. */
export const localHeader = (): Buffer => proxyHeader(0x20, 0x00, Buffer.alloc(0))
