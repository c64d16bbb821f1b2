/** A login check as text, for somebody who has to act on it and cannot see this page. */
import type { LoginCheckAnswer } from '@lakegate/client'
import { messages } from '../../messages/index.ts'

const MARKS = { yes: '[x]', no: '[!]', not_reached: '[ ]' } as const

/** Plain text, because it is pasted into tickets and chats of all kinds. */
export function toTicket(
  instance: string,
  { identity, role, steps, refusal }: LoginCheckAnswer,
  nextStep: string | undefined,
): string {
  const texts = messages.instanceTabs.loginCheck
  return [
    texts.ticketHead(identity.name, role, instance),
    location.href,
    '',
    ...steps.map(({ outcome, text }) => `${MARKS[outcome]} ${text}`),
    ...(refusal === undefined
      ? []
      : [
          '',
          `${refusal.name} · ${refusal.sqlstate}`,
          refusal.message,
          ...[refusal.detail, refusal.hint, nextStep].filter((line) => line !== undefined),
        ]),
    '',
  ].join('\n')
}
