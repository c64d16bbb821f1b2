/**
 * The style of the sign-in pages: the colours, the type and the spacing of the console, so that nobody suspects another
 * site. Text has a contrast of at least 4.5:1 with its background, borders of fields 3:1 (WCAG 2.2 §1.4.3, §1.4.11). No
 * script, no inline style.
 */

export const STYLE_PATH = '/style.css'
export const SIGN_PATH = '/sign.svg'

/**
 * Two posts, a gate board between them, and the water that passes below: the same drawing as
 * packages/console/public/favicon.svg.
 */
export const SIGN = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="none" stroke="#fff">
<rect width="16" height="16" rx="3.5" fill="#0A6A86" stroke="none"/>
<path d="M4.5 3v10M11.5 3v10" stroke-width="1.8" stroke-linecap="round"/>
<path d="M4.5 6h7" stroke-width="1.6"/>
<path d="M2.5 10.6c1.4-1.2 2.7-1.2 3.9 0s2.4 1.2 3.6 0 2.2-1.1 3.5 0" stroke-width="1.4" stroke-linecap="round"/>
</svg>
`

export const STYLE = `
:root {
  color-scheme: light dark;
  --bg: #fff; --surface: #f6f8f9; --hover: #ebf0f2;
  --text: #14212a; --text-2: #465661;
  --accent: #0a6a86; --accent-hover: #075670; --on-accent: #fff;
  --control: #788790; --line: #d3dbdf;
  --ok: #17683c; --ok-bg: #e4f4ea;
  --warn: #7a4b00; --warn-bg: #fdf1dc;
  --danger: #b3261e; --danger-bg: #fceae8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #0f1519; --surface: #151d22; --hover: #1e292f;
    --text: #e6edf1; --text-2: #a9b8c1;
    --accent: #4cc2e0; --accent-hover: #7ad3ea; --on-accent: #06222b;
    --control: #70828d; --line: #2b383f;
    --ok: #6fd39a; --ok-bg: #12291c;
    --warn: #f0b955; --warn-bg: #2e230d;
    --danger: #ff8f85; --danger-bg: #351817;
  }
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; padding: 1.5rem 1rem; display: grid; place-items: center; background: var(--surface); color: var(--text); font: .875rem/1.25rem system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif }
main { width: min(26rem, 100%); padding: 2rem; background: var(--bg); border: 1px solid var(--line); border-radius: 8px; overflow-wrap: anywhere }
@media (max-width: 24rem) { body { padding: .75rem .5rem } main { padding: 1.5rem 1rem } }
.brand { display: flex; align-items: center; gap: .5rem; margin: 0 0 1.5rem; font-size: 1rem; line-height: 1.5rem; font-weight: 600; letter-spacing: -.01em }
.brand::before { content: ""; flex: none; width: 1.5rem; height: 1.5rem; background: url(/oidc/sign.svg) center / contain no-repeat }
h1 { margin: 0 0 .75rem; font-size: 1.25rem; line-height: 1.75rem; font-weight: 600 }
h2 { margin: 0 0 .75rem; font-size: 1rem; line-height: 1.5rem; font-weight: 600 }
p, ul { margin: .75rem 0 }
label { display: block; margin: 1rem 0 .25rem; font-size: .8125rem; line-height: 1.25rem; font-weight: 600 }
input { width: 100%; min-height: 2rem; padding: .25rem .5rem; font: inherit; color: inherit; background: var(--bg); border: 1px solid var(--control); border-radius: 6px }
input[aria-invalid=true] { border-color: var(--danger) }
button, .button { display: inline-block; min-height: 2rem; margin-top: 1.5rem; padding: .3125rem .75rem; font: inherit; font-weight: 600; text-align: center; text-decoration: none; color: var(--on-accent); background: var(--accent); border: 1px solid transparent; border-radius: 6px; cursor: pointer }
button:hover, .button:hover { background: var(--accent-hover) }
button.second { color: var(--text); background: var(--bg); border-color: var(--control) }
button.second:hover { background: var(--hover) }
button.wide, form > button:only-of-type:not(.second) { width: 100% }
@media (pointer: coarse) {
  input { min-height: 2.75rem; padding: .5rem .75rem; font-size: 1rem }
  button, .button { min-height: 2.75rem; padding: .6875rem 1rem }
}
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
.choices { display: flex; flex-wrap: wrap; gap: 0 .75rem }
.choices form > button:only-of-type:not(.second) { width: auto }
.problem, .done { padding: .5rem .75rem; border-radius: 6px }
.problem { color: var(--danger); background: var(--danger-bg) }
.done { color: var(--ok); background: var(--ok-bg) }
.code { font: 600 1.25rem/1.75rem ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Menlo, monospace; letter-spacing: .08em }
input.code { text-transform: uppercase }
section { margin-top: 1.5rem; padding-top: 1.5rem; border-top: 1px solid var(--line) }
a { color: var(--accent) }
a.button { color: var(--on-accent) }
.places { margin: 0; padding: 0; list-style: none }
.places li { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; justify-content: space-between; padding: .5rem 0 }
.places li > div { flex: 1 1 12rem; overflow-wrap: anywhere }
.places .hint { display: block }
.badge { padding: 0 .5rem; font-size: .75rem; line-height: 1rem; border: 1px solid var(--line); border-radius: 999px; white-space: nowrap }
.places button { width: auto; margin-top: 0 }
.hint { font-size: .75rem; line-height: 1rem; font-weight: 400; color: var(--text-2) }
.or { margin: 1rem 0 0; text-align: center; color: var(--text-2) }
@media (forced-colors: active) { button, .button, .problem, .done { border: 1px solid } }
`
