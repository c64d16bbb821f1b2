/** The exported surface, nothing else. */
export { RELATION_KIND, wordOf } from './catalog-words.ts'
export { commandOf } from './command-of.ts'
export { hashRolePasswords, type HashedText, type Replacement } from './hash-passwords.ts'
export { literalValue } from './literal.ts'
export { answerPsqlCommand, type CatalogQuery, type CommandAnswer } from './psql-commands.ts'
export {
  canHashPasswords,
  hashRolePassword,
  isHashedPassword,
  scramVerifier,
  type ScramTerms,
} from './scram-verifier.ts'
export { findSecrets, REDACTED, redactSecrets, type Secret, type SecretKind } from './secrets.ts'
export {
  firstStatement,
  openPartOf,
  splitStatements,
  statementAt,
  statementsOf,
  type FirstStatement,
  type OpenPart,
  type PsqlCommand,
  type SplitOptions,
  type SqlStatement,
  type Statement,
} from './split.ts'
export { tokensOf, type LexerOptions, type Token, type TokenKind } from './tokens.ts'
