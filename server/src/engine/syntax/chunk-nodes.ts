/** chunk-nodes: which nodes of each grammar declare a symbol, and how its name is read; tables, so that a grammar is a row. */

// tags.scm files would know some of this, but half of the grammars have none and the others miss
// constructors, enums, records or bodies; splitting by size works without any table.

import type { ChunkKind } from './chunk.ts';
import type { Node } from './parsers.ts';

/** A declaration as a node states it. */
export interface Declaration {
  readonly kind: ChunkKind;
  /** Unqualified; '' where the code gives none. */
  readonly name: string;
  /** What its parts are looked for in: the declaring node inside of `export`, decorators, templates. */
  readonly node: Node;
  /** The node of the parts, if there is one. */
  readonly body: Node | undefined;
  /** Only names what is there (a constant's table): not a symbol that stands alone when it is small. */
  readonly isSoft: boolean;
}

type Kinds = Readonly<Record<string, ChunkKind>>;

const script: Kinds = {
  function_declaration: 'function',
  generator_function_declaration: 'function',
  function_signature: 'function',
  method_definition: 'method',
  abstract_method_signature: 'method',
  class_declaration: 'class',
  abstract_class_declaration: 'class',
  interface_declaration: 'interface',
  type_alias_declaration: 'type',
  enum_declaration: 'enum',
  internal_module: 'module',
  module: 'module',
};

/** Node types that declare, by grammar. A function inside of a class is a method (`Chunker` says so). */
const declaring: Readonly<Record<string, Kinds>> = {
  typescript: script,
  tsx: script,
  javascript: script,
  python: { function_definition: 'function', class_definition: 'class' },
  go: {
    function_declaration: 'function',
    method_declaration: 'method',
    type_spec: 'type',
    type_alias: 'type',
  },
  rust: {
    function_item: 'function',
    function_signature_item: 'function',
    macro_definition: 'function',
    struct_item: 'class',
    union_item: 'class',
    impl_item: 'class',
    trait_item: 'interface',
    enum_item: 'enum',
    mod_item: 'module',
    type_item: 'type',
  },
  java: {
    method_declaration: 'method',
    constructor_declaration: 'method',
    compact_constructor_declaration: 'method',
    class_declaration: 'class',
    record_declaration: 'class',
    interface_declaration: 'interface',
    annotation_type_declaration: 'interface',
    enum_declaration: 'enum',
  },
  cpp: {
    function_definition: 'function',
    class_specifier: 'class',
    struct_specifier: 'class',
    union_specifier: 'class',
    enum_specifier: 'enum',
    namespace_definition: 'module',
    type_definition: 'type',
    alias_declaration: 'type',
    concept_definition: 'type',
  },
  'c-sharp': {
    method_declaration: 'method',
    constructor_declaration: 'method',
    destructor_declaration: 'method',
    operator_declaration: 'method',
    conversion_operator_declaration: 'method',
    indexer_declaration: 'method',
    property_declaration: 'method',
    local_function_statement: 'function',
    class_declaration: 'class',
    struct_declaration: 'class',
    record_declaration: 'class',
    interface_declaration: 'interface',
    enum_declaration: 'enum',
    delegate_declaration: 'type',
    namespace_declaration: 'module',
  },
  ruby: {
    method: 'method',
    singleton_method: 'method',
    class: 'class',
    singleton_class: 'class',
    module: 'module',
  },
  php: {
    function_definition: 'function',
    method_declaration: 'method',
    class_declaration: 'class',
    trait_declaration: 'class',
    interface_declaration: 'interface',
    enum_declaration: 'enum',
    namespace_definition: 'module',
  },
  bash: { function_definition: 'function' },
  powershell: { function_statement: 'function', class_statement: 'class', class_method_definition: 'method' },
};

/** Wrappers around one declaration, and where it is: a field's name, or the last named child. */
const wrapping: Readonly<Record<string, string | undefined>> = {
  export_statement: 'declaration',
  ambient_declaration: undefined,
  decorated_definition: 'definition',
  template_declaration: undefined,
  type_declaration: undefined, // Go; of several types at once it is a list
};

/** Nodes that only group what is inside: their children stand in the list that they stand in. */
const grouping = new Set(['preproc_ifdef', 'preproc_if', 'preproc_else', 'linkage_specification']);

const functionValue =
  /^(?:arrow_function|function_expression|generator_function|function|anonymous_function)$/;

const comment = /^(?:comment|line_comment|block_comment|doc_comment)$/;

/** Comments, and what like a comment belongs to the declaration that follows. */
export const isComment = (node: Node): boolean => comment.test(node.type);
export const isAttribute = (node: Node): boolean =>
  /^(?:attribute_item|decorator|attribute_list)$/.test(node.type);
export const isGroup = (node: Node): boolean => grouping.has(node.type);
/** Go's and PowerShell's statements: a node without a bracket of its own. */
export const isList = (node: Node): boolean => node.type === 'statement_list';

/** Kinds whose parts are symbols of their own. */
export const isContainer = (kind: ChunkKind): boolean =>
  kind === 'class' || kind === 'interface' || kind === 'module' || kind === 'enum';

/** What `node` declares; undefined when nothing. `grammar` names the row of the tables. */
export function declarationOf(node: Node, grammar: string): Declaration | undefined {
  const kind = declaring[grammar]?.[node.type];
  if (kind) return declared(node, kind);
  if (node.type in wrapping) return wrapped(node, grammar);
  return valueDeclared(node);
}

function declared(node: Node, kind: ChunkKind): Declaration {
  const body = bodyOf(node);
  if (node.type === 'type_spec') {
    const type = node.childForFieldName('type');
    const of =
      type?.type === 'struct_type' ? 'class' : type?.type === 'interface_type' ? 'interface' : 'type';
    return { kind: of, name: nameOf(node), node, body: type ? bodyOf(type) : undefined, isSoft: false };
  }
  return { kind, name: nameOf(node), node, body, isSoft: false };
}

function wrapped(node: Node, grammar: string): Declaration | undefined {
  const field = wrapping[node.type];
  const inner = (field && node.childForFieldName(field)) || node.lastNamedChild;
  if (!inner || inner.id === node.id) return undefined;
  if (
    node.type === 'type_declaration' &&
    node.namedChildren.filter((child) => child && !isComment(child)).length > 1
  ) {
    return undefined;
  }
  if (functionValue.test(inner.type)) {
    return {
      kind: 'function',
      name: nameOf(inner) || 'default',
      node: inner,
      body: bodyOf(inner),
      isSoft: false,
    };
  }
  return declarationOf(inner, grammar);
}

/** `const f = () => …`, `exports.f = function …`, a field that holds a function; else a named value. */
function valueDeclared(node: Node): Declaration | undefined {
  const holder = holderOf(node);
  if (!holder) return undefined;
  const [name, value] = holder;
  if (value && functionValue.test(value.type)) {
    const kind =
      node.type === 'public_field_definition' || node.type === 'field_definition' ? 'method' : 'function';
    return { kind, name, node: value, body: bodyOf(value), isSoft: false };
  }
  return { kind: 'module', name, node: value ?? node, body: undefined, isSoft: true };
}

/** The name that a statement gives to a value, and the value. */
function holderOf(node: Node): [name: string, value: Node | null] | undefined {
  switch (node.type) {
    case 'lexical_declaration':
    case 'variable_declaration': {
      const declarator = node.namedChildren.find((child) => child?.type === 'variable_declarator');
      return declarator ? [fieldText(declarator, 'name'), declarator.childForFieldName('value')] : undefined;
    }
    case 'public_field_definition':
    case 'field_definition':
      return [fieldText(node, 'name') || fieldText(node, 'property'), node.childForFieldName('value')];
    case 'pair':
      return [fieldText(node, 'key'), node.childForFieldName('value')];
    case 'expression_statement': {
      const assignment = node.firstNamedChild;
      return assignment ? holderOf(assignment) : undefined;
    }
    case 'assignment':
    case 'assignment_expression':
      return [fieldText(node, 'left'), node.childForFieldName('right')];
    case 'const_item':
    case 'static_item':
    case 'variable_assignment':
      return [fieldText(node, 'name'), node.childForFieldName('value')];
    case 'const_declaration':
    case 'var_declaration': {
      const spec = node.firstNamedChild;
      return spec ? [fieldText(spec, 'name'), null] : undefined;
    }
    default:
      return undefined;
  }
}

/** A name longer than this is an expression: `a[0].b({…}).c = …`. */
const maxNameLength = 80;

function fieldText(node: Node, field: string): string {
  const text = node.childForFieldName(field)?.text ?? '';
  return text.length <= maxNameLength && !/[\n{(]/.test(text) ? text.replace(/^['"]|['"]$/g, '') : '';
}

function nameOf(node: Node): string {
  switch (node.type) {
    case 'impl_item':
      return (fieldText(node, 'type') || 'impl').replace(/<.*$/, '');
    case 'method_declaration': {
      const receiver = node.childForFieldName('receiver')?.text.match(/(\w+)\s*(?:\[[^\]]*\])?\s*\)$/)?.[1]; // Go
      const name = fieldText(node, 'name');
      return receiver ? `${receiver}.${name}` : name;
    }
    case 'function_definition':
    case 'type_definition':
      return fieldText(node, 'name') || declaratorName(node);
    case 'indexer_declaration':
      return 'this';
    case 'singleton_class':
      return 'self';
    case 'operator_declaration':
    case 'conversion_operator_declaration':
      return `operator ${fieldText(node, 'operator') || fieldText(node, 'type')}`;
  }
  const named = fieldText(node, 'name');
  if (named) return named.replaceAll('::', '.');
  const child = node.namedChildren.find((part) => part && /^(?:function_name|simple_name)$/.test(part.type));
  return child?.text ?? '';
}

/** C and C++: the name at the bottom of pointers, references and parameters. */
function declaratorName(node: Node): string {
  let declarator = node.childForFieldName('declarator');
  for (let depth = 0; declarator && depth < 8; depth++) {
    const inner =
      declarator.childForFieldName('declarator') ??
      (declarator.type === 'reference_declarator' ? declarator.lastNamedChild : null);
    if (!inner) break;
    declarator = inner;
  }
  const text = declarator?.text ?? '';
  return text.length <= maxNameLength && !/[\n{(]/.test(text)
    ? text.replace(/<[^<>]*>/g, '').replaceAll('::', '.')
    : '';
}

/** Node types of bodies where a grammar names no field for it. */
const bodyType = /(?:^|_)(?:body|block|declaration_list|script_block|enumerator_list|compound_statement)$/;

function bodyOf(node: Node): Node | undefined {
  const field = node.childForFieldName('body');
  if (field) return field;
  const last = node.namedChildren.findLast((child) => child && bodyType.test(child.type));
  if (last) return last;
  const type = node.type === 'type_definition' ? node.childForFieldName('type') : undefined;
  return (type && bodyOf(type)) ?? undefined;
}
