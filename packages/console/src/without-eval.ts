/**
 * zod makes its checks faster by making code of them, and finds out by trying whether it may. The content security policy
 * forbids it, and reports the try; so zod is told before its first schema is made (main.tsx imports this first).
 */
import { config } from 'zod'

config({ jitless: true })
