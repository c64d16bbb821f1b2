/** All texts of the console, in the language of this page load. */
import { readChoice } from '../browser/choices.ts'
import { en } from './en.ts'
import { toPseudoLocale } from './message.ts'

const LOCALE_KEY = 'lakegate-locale'

export const locale = readChoice(LOCALE_KEY) === 'en-XA' ? 'en-XA' : 'en'
export const messages = locale === 'en-XA' ? toPseudoLocale(en) : en
