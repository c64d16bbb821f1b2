/**
 * Collects the questions asked at the same time into one batch. A question that must not be answered from memory
 * (DESIGN §5) costs a round trip; questions asked at the same time can share it, and each is still answered by data
 * that is read after it was asked.
 */

export interface TogetherOptions<Question> {
  /** Questions with the same key are the same question; it is asked once, and all askers get the answer. */
  readonly keyOf: (question: Question) => string
  /**
   * Questions of different lanes never share a batch, so that problems of one lane do not affect another. One lane by
   * default.
   */
  readonly laneOf?: (question: Question) => string
  readonly largestBatch: number
  /** How many batches of one lane may be under way; questions asked meanwhile wait for the next batch. */
  readonly mostUnderWay: number
  /**
   * Whether such an error concerns a single question of the batch: then each is asked alone, and only that one fails.
   */
  readonly isAboutOne: (error: unknown) => boolean
}

interface Waiting<Question, Answer> {
  readonly question: Question
  readonly askers: { resolve(answer: Answer): void; reject(error: unknown): void }[]
}

interface Lane<Question, Answer> {
  readonly waiting: Map<string, Waiting<Question, Answer>>
  underWay: number
  isScheduled: boolean
}

/**
 * @param askAll answers every question, in the order of the questions; when it fails, every asker gets the error
 * @returns a function that asks one question
 */
export function askTogether<Question, Answer>(
  askAll: (questions: readonly Question[]) => Promise<readonly Answer[]>,
  options: TogetherOptions<Question>,
): (question: Question) => Promise<Answer> {
  const lanes = new Map<string, Lane<Question, Answer>>()

  const askWaiting = (name: string, lane: Lane<Question, Answer>): void => {
    while (lane.underWay < options.mostUnderWay && lane.waiting.size > 0) {
      const batch = takeFirst(lane.waiting, options.largestBatch)
      lane.underWay += 1
      void answer(askAll, batch, options.isAboutOne).finally(() => {
        lane.underWay -= 1
        askWaiting(name, lane)
      })
    }
    if (lane.underWay === 0 && lane.waiting.size === 0) lanes.delete(name)
  }

  return (question) =>
    new Promise((resolve, reject) => {
      const name = options.laneOf?.(question) ?? ''
      const lane: Lane<Question, Answer> = lanes.get(name) ?? newLane()
      lanes.set(name, lane)
      const key = options.keyOf(question)
      const known = lane.waiting.get(key)
      if (known === undefined) lane.waiting.set(key, { question, askers: [{ resolve, reject }] })
      else known.askers.push({ resolve, reject })
      if (lane.isScheduled || lane.underWay >= options.mostUnderWay) return
      lane.isScheduled = true
      // After everything that this turn of the event loop still reads from its sockets, which may lead to more
      // questions.
      setImmediate(() => {
        lane.isScheduled = false
        askWaiting(name, lane)
      })
    })
}

const newLane = <Question, Answer>(): Lane<Question, Answer> => ({
  waiting: new Map<string, Waiting<Question, Answer>>(),
  underWay: 0,
  isScheduled: false,
})

function takeFirst<Entry>(waiting: Map<string, Entry>, most: number): readonly Entry[] {
  const taken = [...waiting].slice(0, most)
  for (const [key] of taken) waiting.delete(key)
  return taken.map(([, entry]) => entry)
}

/** Settles every asker of the batch; never fails itself. */
async function answer<Question, Answer>(
  askAll: (questions: readonly Question[]) => Promise<readonly Answer[]>,
  batch: readonly Waiting<Question, Answer>[],
  isAboutOne: (error: unknown) => boolean,
): Promise<void> {
  try {
    const answers = await askAll(batch.map(({ question }) => question))
    if (answers.length !== batch.length) throw new Error('a batch was not answered question by question')
    for (const [index, found] of answers.entries())
      for (const asker of batch[index]?.askers ?? []) asker.resolve(found)
  } catch (error) {
    if (batch.length > 1 && isAboutOne(error)) {
      for (const one of batch) await answer(askAll, [one], isAboutOne)
      return
    }
    for (const { askers } of batch) for (const asker of askers) asker.reject(error)
  }
}
