import { Header } from "tar";

/** The bytes of a tar archive with these files; of a link, the content is where it leads. */
export function tarOf(
  ...entries: [name: string, content: string, type?: "SymbolicLink"][]
): Buffer {
  const blocks = entries.flatMap(([path, content, type]) => {
    const header = new Header({
      path,
      mode: 0o644,
      size: type === undefined ? Buffer.byteLength(content) : 0,
      type: type ?? "File",
      ...(type === undefined ? {} : { linkpath: content }),
    });
    header.encode();
    const body = Buffer.alloc(type === undefined ? Math.ceil(content.length / 512) * 512 : 0);
    body.write(content);
    return [header.block ?? Buffer.alloc(512), body];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
