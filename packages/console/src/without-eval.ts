/**
 * zod makes its checks faster by making code of them, and finds out by trying whether it may. The content security policy
 * forbids it, and reports the try; so zod is told before its first schema is made. It looks here for what it is told
 * (zod/v4/core/core.js), so that it is not part of the first load: pages with a form bring it.
 */
Object.assign(globalThis, { __zod_globalConfig: { jitless: true } })
