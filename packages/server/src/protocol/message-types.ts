/** The type bytes of messages, and the letters within them, in one list (PostgreSQL, "Message Formats"). */
const letter = (text: string): number => text.charCodeAt(0)

/** Sent by clients. */
export const FRONTEND = {
  bind: letter('B'),
  close: letter('C'),
  describe: letter('D'),
  execute: letter('E'),
  functionCall: letter('F'),
  flush: letter('H'),
  parse: letter('P'),
  query: letter('Q'),
  sync: letter('S'),
  terminate: letter('X'),
  copyDone: letter('c'),
  copyData: letter('d'),
  copyFail: letter('f'),
  /** Also SASLInitialResponse and SASLResponse; the preceding request decides which. */
  passwordMessage: letter('p'),
} as const

/** Sent by PostgreSQL. */
export const BACKEND = {
  parseComplete: letter('1'),
  bindComplete: letter('2'),
  closeComplete: letter('3'),
  notificationResponse: letter('A'),
  commandComplete: letter('C'),
  dataRow: letter('D'),
  errorResponse: letter('E'),
  copyInResponse: letter('G'),
  copyOutResponse: letter('H'),
  emptyQueryResponse: letter('I'),
  backendKeyData: letter('K'),
  noticeResponse: letter('N'),
  /** Every authentication request; the first four bytes of the body say which. */
  authentication: letter('R'),
  parameterStatus: letter('S'),
  rowDescription: letter('T'),
  functionCallResponse: letter('V'),
  copyBothResponse: letter('W'),
  readyForQuery: letter('Z'),
  copyDone: letter('c'),
  copyData: letter('d'),
  noData: letter('n'),
  portalSuspended: letter('s'),
  parameterDescription: letter('t'),
  negotiateProtocolVersion: letter('v'),
} as const

/** What Describe and Close are about. */
export const TARGET = { statement: letter('S'), portal: letter('P') } as const

/** In ReadyForQuery. */
export const TRANSACTION_STATUS = {
  idle: letter('I'),
  in_transaction: letter('T'),
  in_failed_transaction: letter('E'),
} as const

/** In ErrorResponse and NoticeResponse ("Error and Notice Message Fields"); as characters, because they name fields. */
export const ERROR_FIELD = {
  /** For people, and possibly translated. */
  localizedSeverity: 'S',
  severity: 'V',
  sqlstate: 'C',
  message: 'M',
  detail: 'D',
  hint: 'H',
  /** Position of the error in the query text, in characters, counted from 1. */
  position: 'P',
  context: 'W',
  routine: 'R',
} as const
