/** The frame of every page here: plain HTML with labels, no script, one style sheet. */
import { html, type Html } from './html.ts'
import { SIGN_PATH, STYLE_PATH } from './style-sheet.ts'

/** @param head more elements of the head */
export function page(title: string, content: Html, head?: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title} · Lakegate</title>
        ${head}
        <link rel="icon" type="image/svg+xml" href="/oidc${SIGN_PATH}" />
        <link rel="stylesheet" href="/oidc${STYLE_PATH}" />
      </head>
      <body>
        <main>
          <p class="brand">Lakegate</p>
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html> `.text
}

export const problemBox = (problem: string | undefined): Html | undefined =>
  problem === undefined ? undefined : html`<p class="problem" role="alert" id="problem">${problem}</p>`

/** @param next link to the next step */
export const messagePage = (
  title: string,
  message: string,
  next?: { readonly href: string; readonly text: string },
): string =>
  page(
    title,
    html`<p>${message}</p>
      ${next === undefined ? undefined : html`<p><a class="button" href="${next.href}">${next.text}</a></p>`}`,
  )

export const notFoundPage = (): string => messagePage('Not found', 'There is no such page.')
