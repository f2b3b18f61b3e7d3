// Reads queries, one a line, with Lucene's own classic parser, and writes what each was read as, one a line.
// The form is the one that lucene/mod.rs writes for our parser; `!` stands for a refusal.

import java.io.*;
import java.nio.charset.StandardCharsets;
import org.apache.lucene.analysis.core.WhitespaceAnalyzer;
import org.apache.lucene.index.Term;
import org.apache.lucene.queryparser.classic.*;
import org.apache.lucene.search.*;

public class Oracle {
    static class Parser extends QueryParser {
        Parser(Operator operator) {
            super("", new WhitespaceAnalyzer());
            setDefaultOperator(operator);
            setAllowLeadingWildcard(true);
            setSplitOnWhitespace(true);
        }
        static Query leaf(String kind, String field, String text) {
            return new TermQuery(new Term("", kind + "{" + escape16(field) + "|" + text + "}"));
        }
        @Override protected Query getFieldQuery(String field, String text, boolean quoted) {
            return leaf("word", field, escape16(text));
        }
        @Override protected Query getFieldQuery(String field, String text, int slop) throws ParseException {
            if (slop < 0) throw new ParseException("a phrase query does not take it");
            return leaf("phrase", field, escape16(text) + "|" + slop);
        }
        @Override protected Query getPrefixQuery(String field, String text) {
            return leaf("prefix", field, escape16(text));
        }
        @Override protected Query getWildcardQuery(String field, String text) {
            return leaf("wildcard", field, escape16(text));
        }
        @Override protected Query getRegexpQuery(String field, String text) {
            return leaf("regex", field, escape16(text));
        }
        @Override protected Query getFuzzyQuery(String field, String text, float distance) {
            return leaf("fuzzy", field, escape16(text) + "|" + Integer.toHexString(Float.floatToIntBits(distance)));
        }
        @Override protected Query getRangeQuery(String field, String low, String high, boolean lowIn, boolean highIn) {
            return leaf("range", field, end(low) + "|" + end(high) + "|" + lowIn + "|" + highIn);
        }
        static String end(String text) {
            return text == null ? "*" : "'" + escape16(text);
        }
    }

    static String escape16(String text) {
        StringBuilder out = new StringBuilder();
        for (char c : text.toCharArray()) {
            if (c < 128 && Character.isLetterOrDigit(c)) out.append(c);
            else out.append(String.format("\\%04x", (int) c));
        }
        return out.toString();
    }

    static void show(Query query, StringBuilder out) {
        if (query instanceof BooleanQuery) {
            out.append('(');
            for (BooleanClause clause : ((BooleanQuery) query).clauses()) {
                switch (clause.getOccur()) {
                    case MUST: out.append('+'); break;
                    case SHOULD: out.append('?'); break;
                    case MUST_NOT: out.append('-'); break;
                    default: throw new IllegalStateException();
                }
                show(clause.getQuery(), out);
            }
            out.append(')');
        } else if (query instanceof BoostQuery) {
            show(((BoostQuery) query).getQuery(), out);
            out.append('^').append(Integer.toHexString(Float.floatToIntBits(((BoostQuery) query).getBoost())));
        } else {
            out.append(((TermQuery) query).getTerm().text());
        }
    }

    public static void main(String[] args) throws Exception {
        Parser parser = new Parser(args[0].equals("and") ? QueryParser.Operator.AND : QueryParser.Operator.OR);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream answers = new PrintStream(new BufferedOutputStream(System.out), false, "US-ASCII");
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            StringBuilder out = new StringBuilder();
            try {
                show(parser.parse(line), out);
            } catch (ParseException refused) {
                out = new StringBuilder("!");
            }
            answers.println(out);
        }
        answers.flush();
    }
}
