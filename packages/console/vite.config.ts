/** How the console is built; scripts/console.mjs runs it and puts the result into the server's package. */
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

const OTHER_LANGUAGE =
  /\/node_modules\/react-(?:aria|stately|aria-components)\/dist\/.*\/(?!en-US\.)[a-z]{2}-[A-Z]{2}\.mjs$/

/**
 * React Aria brings what it says to screen readers in thirty languages; the console speaks English. A seventh of the first
 * load is saved, and nobody hears two languages on one page.
 */
const englishOnly: Plugin = {
  name: 'react-aria-in-english',
  enforce: 'pre',
  load: (id) => (OTHER_LANGUAGE.test(id) ? `export { default } from './en-US.mjs'` : undefined),
}

const ANNOUNCER = '/node_modules/react-aria/dist/private/live-announcer/LiveAnnouncer.mjs'
const EMPTIED_AS_MARKUP = ".innerHTML = ''"

/**
 * React Aria empties what it said to screen readers by `innerHTML`, which Trusted Types refuse: a number changed twice would end
 * the page. No other library of the console writes markup. Gone upstream, the build says so.
 */
const announcerWithoutMarkup: Plugin = {
  name: 'react-aria-without-markup',
  transform(code, id) {
    if (!id.endsWith(ANNOUNCER)) return undefined
    if (!code.includes(EMPTIED_AS_MARKUP)) this.error('LiveAnnouncer no longer writes markup: drop this.')
    return { code: code.replaceAll(EMPTIED_AS_MARKUP, '.replaceChildren()'), map: null }
  },
}

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/console/',
  plugins: [englishOnly, announcerWithoutMarkup, react()],
  resolve: {
    alias: {
      '@lakegate/client': fileURLToPath(new URL('../client/src/index.ts', import.meta.url)),
      '@lakegate/sql-text': fileURLToPath(new URL('../sql-text/src/index.ts', import.meta.url)),
    },
  },
  build: {
    target: ['chrome111', 'firefox114', 'safari16.4'],
    // The content security policy allows files of ours only (docs/console.md): no polyfill in line, no asset in line.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    cssCodeSplit: true,
    sourcemap: false,
    reportCompressedSize: false,
    rollupOptions: {
      output: {
        // The editor and the charts are asked for by their pages only; searching in the editor by who searches.
        manualChunks: (id) => {
          if (/node_modules\/(@codemirror\/(?!search\/)[^/]+|@lezer|style-mod|w3c-keyname|crelt)\//.test(id))
            return 'editor'
          if (id.includes('node_modules/uplot/')) return 'chart'
          return undefined
        },
      },
    },
  },
  // theme.js and press.css are taken over as they are; Vite would warn of that at each build.
  logLevel: 'error',
})
