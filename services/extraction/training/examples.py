"""Our own examples: wordings of headings, fields and of everything in a posting that is neither duty nor requirement."""

from __future__ import annotations

from typing import Final

HEADINGS: Final[dict[str, list[str]]] = {
    "duty": [
        "Responsibilities", "Key responsibilities", "Duties", "Duties and responsibilities", "Main duties", "What you'll do",
        "What you will be doing", "Essential functions", "Essential duties and responsibilities", "Key accountabilities", "The role",
        "In this role, you will", "You will", "Job duties", "Primary responsibilities", "Your tasks", "Principal duties", "Major functions",
        "Job responsibilities", "Day to day", "Scope of work", "Key tasks", "Tasks", "The work", "Position responsibilities",
        "Major duties", "Core duties", "What the job involves", "Your mission", "How you will make an impact", "Your role",
        "Responsibilities include", "Job functions", "Typical duties", "Specific duties", "Work performed", "Deliverables",
    ],
    "requirement": [
        "Requirements", "Qualifications", "Required qualifications", "Minimum qualifications", "What you need", "What you'll bring",
        "About you", "Who you are", "Experience", "Person specification", "Essential criteria", "Desirable criteria",
        "Preferred qualifications", "Desired qualifications", "Education and experience", "Skills and experience", "You have",
        "What we're looking for", "Knowledge, skills and abilities", "Candidate profile", "Must have", "Nice to have", "Eligibility",
        "Required education and experience", "Basic requirements", "Your profile", "Selection criteria", "The ideal candidate",
        "We'd love you to have", "Attributes", "Job requirements", "Skills",
    ],
    "skill": ["Skills", "Technical skills", "Technologies", "Tools", "Tech stack", "Key skills", "Competencies", "Core skills", "Software"],
    "benefit": [
        "Benefits", "What we offer", "Perks", "We offer", "Compensation and benefits", "Why join us", "Benefits package", "What's in it for you",
        "Our benefits", "Rewards", "What you'll get", "Perks and benefits",
    ],
    "employer": ["About us", "About the company", "Who we are", "The organisation", "Company overview", "Our team", "Company description", "About the department", "Background"],
    "summary": ["Summary", "Job summary", "Position summary", "Overview", "Purpose of the job", "About the role", "Job description", "Position purpose", "The opportunity", "Description", "Role overview", "General description"],
    "equal": ["Equal opportunity", "Diversity and inclusion", "EEO statement", "Our commitment", "Accessibility", "Equal employment opportunity statement"],
    "apply": ["How to apply", "Application process", "To apply", "Next steps", "Application instructions", "Contact", "Additional information", "Application deadline"],
    "physical": ["Working conditions", "Physical requirements", "Physical demands", "Work environment", "Conditions of employment", "Travel", "Supervision"],
    "none": ["The detail", "More", "Section 2", "Details", "Read this", "Our approach", "Part B", "Notes", "Vacancy", "Further particulars"],
}  # fmt: skip

BENEFITS: Final = [
    "28 days of holiday plus bank holidays", "Private medical insurance", "Pension scheme with employer contributions", "Free parking on site",
    "Cycle to work scheme", "Dental and vision insurance", "401(k) with company match", "Flexible working hours", "Paid parental leave",
    "Health, dental and vision cover from day one", "Season ticket loan", "Discounted gym membership", "Life assurance of four times salary",
    "Company car or car allowance", "Annual bonus of up to 10%", "Employee assistance programme", "Free fruit and coffee", "Tuition reimbursement",
    "Generous paid time off", "Stock options", "Learning budget of £1,000 a year", "Subsidised canteen", "Remote working two days a week",
    "Relocation support", "Volunteering days", "Birthday off", "Enhanced maternity and paternity pay", "Staff discount of 25%", "Sick pay",
    "Competitive salary", "Growth opportunities", "Hybrid work environment", "Paid leaves", "Retirement savings plan", "Commuter benefits",
    "Training and development", "A friendly team and a modern office", "Wellbeing support", "Medical, dental, vision and life insurance",
    "You will be enrolled in our workplace pension.", "We offer a comprehensive benefits package including medical, dental and vision.",
    "Full-time employees are eligible for 20 days of paid vacation and 10 sick days.", "This position is eligible for benefits.",
    "The salary is accompanied by a generous package of benefits.", "Unlimited PTO", "Childcare vouchers", "Sabbatical after five years",
    "Company laptop and phone", "Paid holidays", "Performance bonus", "Travel allowance", "Long service awards", "Free eye tests and flu jabs",
]  # fmt: skip

EQUAL: Final = [
    "We are an equal opportunity employer and value diversity at our company.",
    "We do not discriminate on the basis of race, religion, color, national origin, gender, sexual orientation, age, marital status, veteran status, or disability status.",
    "All qualified applicants will receive consideration for employment without regard to race, color, religion, sex, or national origin.",
    "We welcome applications from all sections of the community.",
    "Reasonable accommodations are available to applicants with disabilities.",
    "We are a Disability Confident employer and guarantee an interview to disabled applicants who meet the minimum criteria.",
    "The College is an Equal Opportunity Employer, committed to excellence through diversity.",
    "People with disabilities, veterans and members of minority groups are encouraged to apply.",
    "Applications from women and from people of under-represented backgrounds are especially welcome.",
    "We celebrate diversity and are committed to creating an inclusive environment for all employees.",
    "If you need an adjustment for the interview, tell us in advance.",
    "Women and minorities are encouraged to apply.", "EOE/M/F/Vet/Disability", "Affirmative Action/Equal Opportunity Employer",
    "Our hiring decisions are based on merit, whatever your age, disability, gender reassignment, pregnancy, race, religion or belief, sex or sexual orientation.",
    "Race", "Religion or belief", "Sexual orientation", "Gender identity", "Age", "Marital status", "Pregnancy and maternity", "Disability",
    "The university prohibits discrimination on the basis of any protected characteristic.",
    "You can ask for this notice in large print.", "We want our workforce to reflect the communities that we serve.",
]  # fmt: skip

APPLY: Final = [
    "Please submit a resume and cover letter.", "To apply, visit our careers page.", "Applications close on 14 March.",
    "Send your CV to jobs@example.com with the subject line of the post.", "Interviews will be held in the week of 3 June.",
    "Only shortlisted candidates will be contacted.", "Review of applications begins immediately and continues until the position is filled.",
    "Include the names and contact details of three references.", "For an informal chat call 0117 496 0000.", "No agencies, please.",
    "Employment is subject to a background check and references.", "An official website of the United States government",
    "Upload your documents as one PDF file.", "The closing date is midnight on 1 May 2025.", "Apply now", "Back to search results", "Save this job",
    "This job description is not a complete list of all duties and may be changed at any time.",
    "The statements above describe the general nature of the work and are not an exhaustive list.",
    "A current resume or CV", "A cover letter describing your interest in the position", "Contact information for three references",
    "Application deadline: 30 September 2024", "Posted 3 days ago", "Share this job", "Home", "Job search", "Careers", "Sign in", "Privacy policy",
    "Questions about the position can be directed to the search committee.", "Candidates must be authorized to work in the country.",
    "Visa sponsorship is not available.", "Finalists will be asked for transcripts.", "The start date is flexible.", "Print", "Skip to main content",
    "If you are selected as a final candidate, you will be subject to a background check.", "Employee signature and date", "Approved by the Board",
]  # fmt: skip

PHYSICAL: Final = [
    "Able to lift up to 50 lbs.", "Must be able to sit or stand for long periods.", "Occasional travel and weekend work.",
    "Ability to climb stairs and ladders.", "Work is performed in an office environment.", "Regular exposure to noise and dust.",
    "Evening and weekend work may be required.", "The noise level is usually moderate.", "Must be able to walk on rough ground.",
    "Vision abilities required include close vision and the ability to adjust focus.", "Required to bend, stoop, squat, climb and carry.",
    "Students, volunteers and interns", "This position does not supervise staff.", "Standard office hours, Monday to Friday.",
    "May be exposed to chemicals and fumes.", "Travel up to 20 % of the time.", "The work is mainly indoors.", "Night shifts on a rota.",
]  # fmt: skip

EMPLOYER: Final = [
    "{employer} is a leading provider of services in its field.", "Founded in 1948, {employer} employs 1,200 people in three countries.",
    "Our mission is to make public services work for everyone.", "We are a charity that supports families across the region.",
    "{employer} serves more than two million customers each year.", "Our values are trust, care and curiosity.",
    "The museum holds four million objects and welcomes 600,000 visitors a year.", "We have grown from five people to two hundred in six years.",
    "The department teaches 800 students and runs three research centres.", "The city has a population of 250,000 and is close to the coast.",
    "Our clients include banks, insurers and public bodies.", "{employer} is part of a group listed on the stock exchange.",
    "We believe in open communication and in learning from mistakes.", "We build software that hospitals rely on.",
    "Last year our revenue grew to $120 million.", "The collection is among the largest of its kind in the world.",
]  # fmt: skip

SUMMARY: Final = [
    "We are looking for a {title} to join our team in {place}.", "{employer} seeks a {title}.", "This is an exciting opportunity for a {title}.",
    "The {title} reports to the Head of Operations.", "This is a full-time, permanent position.", "An excellent opportunity has arisen for a {title}.",
    "As a {title}, you will join a team of ten.", "The post is fixed term for two years.", "{employer} invites applications for the position of {title}.",
    "The position is based in {place}.", "This role sits in our operations team.", "The {title} is a key member of the team.",
    "The post is funded by a grant until 2026.", "The successful candidate will join a growing team.", "This position is full time, 40 hours per week.",
]  # fmt: skip

LEADS: Final = [
    "The {title} will:", "You will be responsible for:", "Duties include:", "In this position, you will:", "Responsibilities include but are not limited to:",
    "The successful candidate will:", "Your main tasks are the following.", "In addition, the {title} will assist with:",
]  # fmt: skip

CONDITIONS: Final = [
    "Bachelor's degree in a related field", "Master's degree preferred", "At least three years of relevant experience", "Valid driving licence",
    "Excellent communication skills", "Strong attention to detail", "Ability to work independently and as part of a team",
    "Proficiency in Microsoft Office", "Good knowledge of Excel and Word", "Fluent in English and German", "High school diploma or equivalent",
    "Experience of working with customers", "You have a degree or equivalent experience.", "Confident user of CRM systems",
    "Able to work under pressure and to deadlines", "Willingness to learn", "A positive attitude", "Proven track record in sales",
    "Qualified accountant (ACA, ACCA or CIMA)", "Registered nurse", "Certification in project management is a plus",
    "You are curious, careful and like to work with others.", "Must be able to work weekends", "5+ years of experience in software development",
    "Familiarity with Python, SQL and Git", "Knowledge of health and safety rules", "Experience with forklift trucks", "Food hygiene certificate",
]  # fmt: skip

SKILLS: Final = [
    "Excel", "Python", "SQL", "Communication", "Teamwork", "Project management", "Negotiation", "Surveying", "Report writing", "Customer service",
    "AutoCAD", "SAP", "Salesforce", "Time management", "Leadership", "Data analysis", "Java", "Photoshop", "Bookkeeping", "Forklift licence",
    "German", "Problem solving", "Stock control", "Payroll software", "Typing", "Listening", "Organisation", "Docker", "Kubernetes", "Git",
    "Food safety", "First aid", "Budgeting", "Presentation skills", "Attention to detail", "Microsoft Office", "Welding", "Copywriting",
]  # fmt: skip

PAY: Final = [
    "{pay} per year", "{pay} per annum", "Salary: {pay}", "The salary range is {pay} per year.", "Compensation: {pay} annually", "{pay}, depending on experience",
    "Pay range: {pay}", "Starting salary {pay}", "The expected pay for this position is {pay}.", "{hourly} per hour", "Hourly rate: {hourly}",
    "Salary {pay} pro rata", "Hiring range: {pay}", "This position pays {hourly} per hour.", "Anticipated salary of {pay} with benefits",
]  # fmt: skip

FIELDS: Final[dict[str, list[str]]] = {
    "title": ["Job title: {title}", "Position: {title}", "Title: {title}", "Role: {title}", "Position title: {title}", "Post: {title}", "Job Title {title}", "JOB DESCRIPTION: {title}"],
    "employer": ["Employer: {employer}", "Company: {employer}", "Organisation: {employer}", "Institution: {employer}", "Agency: {employer}"],
    "place": ["Location: {place}", "Place of work: {place}", "Job location: {place}", "Based in {place}", "Site: {place}"],
    "other": [
        "Department: Operations", "Reports to: Head of Operations", "Grade: 7", "Job type: Full-time", "Contract: permanent", "Hours: 37 per week",
        "Closing date: 12 May 2024", "Reference: HR-2041", "Posting date: Jan 20, 2023", "FLSA status: Exempt", "Division: Collections",
        "Full/Part time: Full time", "Job ID 230215", "Work schedule: Monday through Friday 8-5", "Employment type: full-time", "Pay grade: 12",
        "Supervises: none", "Date: March 2022", "Date posted: 2021-07-14", "Number of openings: 1", "Visa sponsorship: no", "Job family: Research",
        "Work type: on-site", "Travel: occasional", "Category: Administration", "Experience level: Senior", "Company size: 501-1k people",
        "Prepared by: Human Resources", "Revised: 01/2021", "Remote: no", "Industry: Charity", "Page 1 of 3", "Requisition number 20453",
    ],
}  # fmt: skip

EMPLOYERS: Final = [
    "Northgate Museum", "Harbour Logistics Ltd", "Brightwell University", "City of Rowan", "Alder & Finch", "Lindqvist AB", "Meridian Health Trust",
    "Kestrel Software GmbH", "Department of Transport", "Oakfield College", "St. Brendan's Hospital", "Vale Foods plc", "Ostrava Steel", "Blue Anchor Foundation",
]  # fmt: skip

PLACES: Final = [
    "Leeds", "Austin, TX", "Berlin, Germany", "Toronto, Ontario", "Wellington, New Zealand", "Perth, WA", "Manchester", "Remote (UK)", "Madrid, Spain",
    "Boston, MA", "Cardiff", "Washington, DC", "Cape Town", "Lyon, France", "Hybrid, London", "Norman Campus", "Zürich", "Bristol; on-site",
]  # fmt: skip
