/**
 * The messages of one turn of the event loop become one: on the pipe between two processes each costs both of them a
 * system call and a wake-up, and a login says a dozen.
 */
export interface GatheredMessages<Message> {
  say(message: Message): void
  /** Sends what was said so far at once: before a message that may not overtake it, and before the end. */
  flush(): void
}

/** @param send takes the messages in the order in which they were said */
export function gatherMessages<Message>(
  send: (messages: readonly Message[]) => void,
): GatheredMessages<Message> {
  let said: Message[] = []

  const flush = (): void => {
    const messages = said
    said = []
    if (messages.length > 0) send(messages)
  }

  return {
    say(message) {
      said.push(message)
      if (said.length === 1) setImmediate(flush)
    },
    flush,
  }
}
