import type { OperationDeclaration } from "../../core/operation/declare.ts";
import { help } from "./help.ts";
import { result } from "./result.ts";

/** THE list of what only makes sense in a conversation; all else comes from core and hub. */
export const commands: OperationDeclaration[] = [help, result];
