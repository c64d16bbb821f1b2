/**
 * The page that people see while Lakegate starts. It reloads by itself, without a script, until the wanted page is
 * available.
 */
import { pageHeaders } from './headers.ts'
import { html } from './html.ts'
import { page } from './page.ts'
import { SIGN, SIGN_PATH, STYLE, STYLE_PATH } from './style-sheet.ts'

const AGAIN_AFTER_SECONDS = '2'

export const STARTING_PAGE = {
  headers: pageHeaders(),
  html: page(
    'Lakegate is starting',
    html`<p role="status">This page continues by itself in a few seconds.</p>`,
    html`<meta http-equiv="refresh" content="${AGAIN_AFTER_SECONDS}" />`,
  ),
  files: new Map([
    [`/oidc${STYLE_PATH}`, { type: 'text/css; charset=utf-8', body: STYLE }],
    [`/oidc${SIGN_PATH}`, { type: 'image/svg+xml', body: SIGN }],
  ]),
} as const
