/**
 * `/metrics` for Prometheus: only for requests with the token of the settings or, without a token, only from this
 * machine. A proxy on this machine does not count as this machine: requests that it forwards are refused.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, RequestListener } from 'node:http'
import type { Redacted } from '../domain/redacted.ts'

const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'] as const
const LOOPBACK = /^(::ffff:)?127\.|^::1$/
/**
 * A web page from elsewhere may point its own name at this machine (DNS rebinding), but cannot choose the Host header.
 */
const LOOPBACK_HOST = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?$/i

/** @param token undefined means that only requests from this machine are answered */
export function createMetricsHandler(
  token: Redacted<string> | undefined,
  render: () => Promise<string>,
): RequestListener {
  const mayRead = token === undefined ? isFromThisMachine : bringsToken(token)
  return (request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end()
      return
    }
    if (!mayRead(request)) {
      response.writeHead(token === undefined ? 403 : 401, { 'cache-control': 'no-store' }).end()
      return
    }
    render().then(
      (text) => {
        const headers = {
          'content-type': 'text/plain; version=0.0.4; charset=utf-8',
          'cache-control': 'no-store',
          'x-content-type-options': 'nosniff',
        }
        response.writeHead(200, headers).end(text)
      },
      () => {
        response.writeHead(503).end()
      },
    )
  }
}

const isFromThisMachine = ({ socket, headers }: IncomingMessage): boolean =>
  LOOPBACK.test(socket.remoteAddress ?? '') &&
  LOOPBACK_HOST.test(headers.host ?? '') &&
  FORWARDED.every((name) => headers[name] === undefined)

/** Hashed, so that the comparison reveals neither length nor content. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
const bringsToken =
  (token: Redacted<string>) =>
  ({ headers }: IncomingMessage): boolean => {
    const brought = /^bearer +([^\s]+)$/i.exec(headers.authorization ?? '')?.[1]
    return brought !== undefined && timingSafeEqual(digest(brought), digest(token.reveal()))
  }
