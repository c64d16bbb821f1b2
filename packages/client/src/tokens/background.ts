/**
 * What a token source does by itself does not keep the process alive: whoever waits for a token does that. A timer can be told so
 * (`unref`), a request of `fetch` cannot. Node says on its diagnostics channels which request goes over which socket, so the
 * sockets of these requests are told. Bun and Deno have no such channels; there such a request ends with its time limit.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe } from 'node:diagnostics_channel'

const background = new AsyncLocalStorage<true>()
/** Requests of undici, which is the `fetch` of Node. */
const requests = new WeakSet()
let isSubscribed = false

/** Whether what runs now was begun by a source, and not by somebody who waits for it. */
export const isInBackground = (): boolean => background.getStore() === true

export function inBackground<Result>(work: () => Result): Result {
  listen()
  return background.run(true, work)
}

/** For what must not be left half done when the process could end. */
export const outsideBackground = <Result>(work: () => Result): Result => background.exit(work)

function listen(): void {
  if (isSubscribed) return
  isSubscribed = true
  // While it connects. Where that is TLS, Node tells nobody, and undici gives up after ten seconds.
  subscribe('net.client.socket', (message) => {
    if (isInBackground()) unref(memberOf(message, 'socket'))
  })
  subscribe('undici:request:create', (message) => {
    const request = memberOf(message, 'request')
    if (isInBackground() && request !== undefined) requests.add(request)
  })
  // A connection that was idle is told by undici to keep the process alive when it is used again, and after the request not to.
  subscribe('undici:client:sendHeaders', (message) => {
    const request = memberOf(message, 'request')
    if (request !== undefined && requests.has(request)) unref(memberOf(message, 'socket'))
  })
}

function memberOf(message: unknown, name: string): object | undefined {
  if (typeof message !== 'object' || message === null) return undefined
  const value: unknown = Reflect.get(message, name)
  return typeof value === 'object' && value !== null ? value : undefined
}

function unref(socket: object | undefined): void {
  if (socket !== undefined && 'unref' in socket && typeof socket.unref === 'function')
    (socket as { unref(): unknown }).unref()
}
