/** Shapes that several routes share. */
import { z } from 'zod'

export const nothing = z.strictObject({})
/** For routes without parameters in path or query. Unknown query parameters are ignored, because SDKs add their own. */
export const anyQuery = z.looseObject({})
export const noBody = z.unknown().transform(() => undefined)
