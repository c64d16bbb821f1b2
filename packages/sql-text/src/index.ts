/** The exported surface, nothing else. */
export { commandOf } from './command-of.ts'
export { hashRolePasswords, type HashedText, type Replacement } from './hash-passwords.ts'
export { literalValue } from './literal.ts'
export {
  canHashPasswords,
  hashRolePassword,
  isHashedPassword,
  scramVerifier,
  type ScramTerms,
} from './scram-verifier.ts'
export { findSecrets, REDACTED, redactSecrets, type Secret, type SecretKind } from './secrets.ts'
export {
  splitStatements,
  statementAt,
  statementsOf,
  type PsqlCommand,
  type SplitOptions,
  type SqlStatement,
  type Statement,
} from './split.ts'
export { tokensOf, type LexerOptions, type Token, type TokenKind } from './tokens.ts'
