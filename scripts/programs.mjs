import { accessSync, constants } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import process from 'node:process'

/**
 * The program that the first set one of these environment variables names, or else the first of `names` on the PATH. A
 * variable that names nothing executable is not passed over: the answer is undefined.
 *
 * @param {readonly string[]} variables
 * @param {readonly string[]} names each a name, or an absolute path
 * @returns {string | undefined}
 */
export function findProgram(variables, names) {
  const named = variables.map((name) => process.env[name]).find((path) => path)
  if (named) return isExecutable(named) ? named : undefined
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  const paths = names.flatMap((name) => (isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name))))
  return paths.find(isExecutable)
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
