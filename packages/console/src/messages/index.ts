/** All texts of the console, in the language of this page load. */
import { en } from './en.ts'
import { toPseudoLocale } from './message.ts'

const LOCALE_KEY = 'lakegate-locale'

function chosenLocale(): string {
  try {
    return localStorage.getItem(LOCALE_KEY) ?? 'en'
  } catch {
    return 'en'
  }
}

export const locale = chosenLocale() === 'en-XA' ? 'en-XA' : 'en'
export const messages = locale === 'en-XA' ? toPseudoLocale(en) : en
